import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { createApplication } from '@das/api/src/http/application.ts';
import { protectDashboard, serveDashboard } from '@das/api/src/http/dashboard.ts';
import { hostRules } from '@das/api/src/http/host-rules.ts';
import { implement } from '@das/api/src/http/implement.ts';
import { checkRunRequest } from '@das/api/src/runs/request-rules.ts';
import { Gate } from '@das/api/src/session/gate.ts';
import { runRequestSchema } from '@das/contracts/run-request';
import type { RouteSpec } from '@das/contracts/routes';
import { createLogger } from '@das/core/logging/logger';
import express from 'express';
import { z } from 'zod';

/**
 * The baselines of A1, `node empty-server.ts das|bare`: DAS's own express server, and a bare one, each with a POST /runs that validates the
 * request by the contract's schema and does nothing. Says its port on stdout.
 */
const PATH = '/runs';
const SCRIPTS_DIR = '/';

function ourOwn(): express.Express {
  const dashboard = fileURLToPath(new URL('../../apps/ui/build', import.meta.url));
  const answer = { description: 'Accepted', schema: z.object({ ok: z.boolean() }) };
  const route = {
    method: 'POST', path: PATH, summary: 'nothing', body: runRequestSchema, answers: { 202: answer }, problems: [], idempotent: true,
  } as const satisfies RouteSpec; // prettier-ignore
  const submit = implement(route)(
    () => Promise.resolve({ status: 202, body: { ok: true } }),
    checkRunRequest({ scriptsDir: SCRIPTS_DIR, extraConf: [] }),
  );
  return createApplication({
    endpoints: [submit],
    gate: new Gate(undefined),
    hosts: hostRules('127.0.0.1', []),
    protection: protectDashboard(dashboard),
    dashboard: serveDashboard(dashboard),
    log: createLogger({ level: 'info', format: 'text', file: '' }).log,
    onAnswer: () => {},
  });
}

function bare(): express.Express {
  const application = express();
  application.use(express.json());
  application.post(PATH, (request, response) => {
    const parsed = runRequestSchema.safeParse(request.body);
    response.status(parsed.success ? 202 : 400).json({ ok: parsed.success });
  });
  return application;
}

const server = createServer(process.argv[2] === 'das' ? ourOwn() : bare());
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(typeof address === 'object' ? address?.port : '');
});
