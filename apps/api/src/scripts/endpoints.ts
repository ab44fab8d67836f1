import { ROUTES } from '@das/contracts/routes';
import { normaliseScriptPath } from '@das/core/domain/hdfs-path';
import type { PathRules } from '@das/core/domain/hdfs-path';
import type { Hdfs, HdfsStatus } from '@das/core/hdfs/client';
import type { Idempotency } from '@das/core/mongo/idempotency';
import { presentScan } from '@das/core/mongo/scan-store';
import type { ScanStore } from '@das/core/mongo/scan-store';
import { presentScript } from '@das/core/mongo/script-store';
import type { ScriptStore } from '@das/core/mongo/script-store';
import type { Scanner } from '@das/core/scan/scanner';
import { answerOnce } from '../http/answer-once.ts';
import { ApiProblem, invalidRequest } from '../http/api-problem.ts';
import { keysetOf, presentPage } from '../http/cursor.ts';
import { implement } from '../http/implement.ts';
import type { Endpoint } from '../http/implement.ts';
import type { RequestRules } from '../runs/request-rules.ts';
import { scriptFaults } from '../runs/request-rules.ts';
import type { Preview } from './preview.ts';

export type ScriptParts = {
  hdfs: Hdfs;
  scripts: ScriptStore;
  scans: ScanStore;
  scanner: Scanner;
  preview: Preview;
  idempotency: Idempotency;
  rules: RequestRules;
};

export function scriptEndpoints(parts: ScriptParts): Endpoint[] {
  return [listScripts(parts), ...scanEndpoints(parts), previewScript(parts), listFiles(parts)];
}

function listScripts({ scripts, rules }: ScriptParts): Endpoint {
  return implement(ROUTES.listScripts)(async ({ query: { limit, cursor, ...filter } }) => {
    if (filter.prefix !== undefined) demandPath(filter.prefix, rules, 'query.prefix', { orDirectoryItself: true });
    return { status: 200, body: presentPage(await scripts.list(filter, keysetOf({ limit, cursor })), presentScript) };
  });
}

function scanEndpoints({ scans, scanner, idempotency }: ScriptParts): Endpoint[] {
  return [
    implement(ROUTES.startScan)(({ idempotency: call }) =>
      answerOnce(idempotency, call, async (remember) => {
        const scan = presentScan(await scanner.scan());
        const reply = { status: 202 as const, body: scan, headers: { Location: `/api/v1/scripts/scans/${scan.id}` } };
        await remember(reply);
        return reply;
      }),
    ),
    implement(ROUTES.getScan)(async ({ params }) => {
      const scan = await scans.find(params.id);
      if (!scan) throw new ApiProblem('not_found', `there is no scan ${params.id}`);
      return { status: 200, body: presentScan(scan) };
    }),
  ];
}

function previewScript({ preview, rules }: ScriptParts): Endpoint {
  return implement(ROUTES.getScriptContent)(async ({ query: { path, sha256 }, bounds }) => {
    const faults = scriptFaults(rules, path, 'query.path');
    if (faults.length > 0) throw invalidRequest(faults);
    return {
      status: 200,
      body: sha256 === undefined ? await preview.current(path, bounds) : await preview.stored(path, sha256),
    };
  });
}

function listFiles({ hdfs, scripts, rules }: ScriptParts): Endpoint {
  return implement(ROUTES.listFiles)(async ({ query, bounds }) => {
    const path = demandPath(query.path, rules, 'query.path', { orDirectoryItself: true });
    const children = await hdfs.list(path, bounds.hdfs());
    const tracked = await scripts.tracked(children.filter(({ type }) => type === 'file').map((child) => child.path));
    return { status: 200, body: { path, entries: children.map((child) => presentEntry(child, tracked)) } };
  });
}

function presentEntry({ path, type, length, modificationTime, owner }: HdfsStatus, tracked: ReadonlySet<string>) {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return {
    name,
    path,
    type,
    size: length,
    modifiedAt: new Date(modificationTime).toISOString(),
    owner,
    tracked: tracked.has(path),
  };
}

function demandPath(path: string, { scriptsDir }: RequestRules, at: string, pathRules: PathRules): string {
  const verdict = normaliseScriptPath(path, scriptsDir, pathRules);
  if (verdict.ok) return verdict.path;
  throw invalidRequest([{ path: at, message: verdict.reason }]);
}
