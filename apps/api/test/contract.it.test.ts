import { request } from 'node:http';
import { PROBLEM_CODES, PROBLEMS } from '@das/contracts/problem';
import type { Problem, ProblemCode } from '@das/contracts/problem';
import { ROUTES } from '@das/contracts/routes';
import type { RouteName, RouteSpec } from '@das/contracts/routes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiClient } from '@das/testkit/call';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';
import { proxyTo } from '@das/testkit/proxy';
import type { Proxy } from '@das/testkit/proxy';

/**
 * The contract, route by route: real answers against the schemas (the test kit's client refuses an answer that lacks something or
 * holds more than its schema knows), every declared status, every error code, and the OpenAPI document.
 */
const TOKEN = 'secret-of-the-test';
let das: Das;
let script: string;
let runId: string;
let launchId: string;
let scanId: string;
/** The same DAS with a token, without HDFS, and without MongoDB. */
let guarded: ApiClient;
let withoutHdfs: ApiClient;
let withoutMongo: ApiClient;
let mongo: Proxy;
beforeAll(async () => {
  das = await startDas({ stub: true });
  script = await das.putScript('contract.py', 'print("ok")\n');
  const { proxy, uri } = await proxyTo(das.stack.mongodbUri);
  mongo = proxy;
  [guarded, withoutHdfs, withoutMongo] = await Promise.all([
    das.addApi({ API_TOKEN: TOKEN }),
    das.addApi({ HDFS_URL: 'http://127.0.0.1:9' }),
    das.addApi({ MONGODB_URI: uri }),
  ]);
  mongo.cut();
  scanId = (await das.call('startScan')).body.id;
  launchId = (await das.call('createLaunch', { body: { items: [{ script }] } })).body.id;
  runId = (await das.runToEnd({ script, labels: { a: 'b' } })).id;
});
afterAll(async () => {
  await das[Symbol.asyncDispose]();
  await mongo[Symbol.asyncDispose]();
});

let keys = 0;
const keyed = () => ({ 'Idempotency-Key': `contract-${(keys += 1)}` });
const body = () => ({ script, args: ['x'], retries: 1, timeoutMs: 60_000, labels: { k: 'v' }, priority: 3 });

/** Statuses that the calls answered; each validates its answer. */
const CALLS: Record<RouteName, () => Promise<number[]>> = {
  listScripts: () =>
    statuses(
      das.call('listScripts', {
        query: {
          prefix: das.scriptsDir,
          q: 'contract',
          status: 'success,running,pending,failed',
          missing: false,
          limit: 5,
        },
      }),
    ),
  startScan: async () => twice('startScan', {}),
  getScan: () => statuses(das.call('getScan', { params: { id: scanId } })),
  getScriptContent: () => statuses(das.call('getScriptContent', { query: { path: script } })),
  listScriptVersions: () => statuses(das.call('listScriptVersions', { query: { path: script, limit: 1 } })),
  getScriptStats: () => statuses(das.call('getScriptStats', { query: { path: script, last: 14 } })),
  getScriptGrid: () => statuses(das.call('getScriptGrid', { query: { path: script, last: 2 } })),
  getScriptSettings: () => statuses(das.call('getScriptSettings', { query: { path: script } })),
  putScriptSettings: () => statuses(das.call('putScriptSettings', { query: { path: script }, body: { retries: 2 } })),
  listFiles: () => statuses(das.call('listFiles', { query: { path: das.scriptsDir } })),
  submitRun: () => twice('submitRun', { body: body() }),
  listRuns: () =>
    statuses(
      das.call('listRuns', {
        query: { state: 'completed', script, label: 'a:b', q: 'contract', createdAfter: '2026-01-01T00:00:00.000Z' },
      }),
    ),
  countRuns: () => statuses(das.call('countRuns', { query: { label: 'a:b' } })),
  getRunCauses: () => statuses(das.call('getRunCauses', { query: { failureKind: 'exit_code' } })),
  getRunHistogram: () =>
    statuses(
      das.call('getRunHistogram', {
        query: { from: '2026-01-01T00:00:00.000Z', to: '2026-01-02T00:00:00.000Z', bucketMs: 3_600_000 },
      }),
    ),
  getRun: () => statuses(das.call('getRun', { params: { id: runId } })),
  getRunEvents: () => statuses(das.call('getRunEvents', { params: { id: runId } })),
  cancelRun: async () => {
    const sleeping = await das.putScript('sleeping.py', 'import time\ntime.sleep(60)\n');
    const { id } = await das.submit({ script: sleeping });
    const answered = await twice('cancelRun', { params: { id } });
    await das.waitFor(id);
    return [...answered, ...(await statuses(das.call('cancelRun', { params: { id } })))];
  },
  rerunRun: () => twice('rerunRun', { params: { id: runId }, body: { version: 'pinned', overrides: { priority: 1 } } }),
  bulkRuns: () =>
    twice('bulkRuns', { body: { action: 'rerun', ids: [runId], expect: 1 } }).then((answered) => [
      ...new Set(answered),
    ]),
  getLog: () => statuses(das.call('getLog', { params: { id: runId, n: 1 }, query: { offset: -10, limit: 5 } })),
  getLogLines: () =>
    statuses(das.call('getLogLines', { params: { id: runId, n: 1 }, query: { tail: true, limit: 5 } })),
  searchLog: () =>
    statuses(das.call('searchLog', { params: { id: runId, n: 1 }, query: { q: 'ok', stream: 'stdout' } })),
  createLaunch: () =>
    twice('createLaunch', { body: { name: 'two', defaults: { retries: 1 }, items: [body(), { script }] } }),
  listLaunches: () => statuses(das.call('listLaunches', { query: { limit: 1 } })),
  getLaunch: () => statuses(das.call('getLaunch', { params: { id: launchId } })),
  listLaunchRuns: () => statuses(das.call('listLaunchRuns', { params: { id: launchId } })),
  cancelLaunch: () => twice('cancelLaunch', { params: { id: launchId } }),
  repairLaunch: async () => {
    const items = [{ script: await das.putScript('failing.py', 'raise SystemExit(1)\n') }];
    const { id, runs } = (await das.call('createLaunch', { body: { items } })).body;
    await Promise.all(runs.map((run) => das.waitFor(run.id)));
    return twice('repairLaunch', { params: { id }, body: { only: 'failed', version: 'pinned' } });
  },
  listWorkers: () => statuses(das.call('listWorkers')),
  getOverview: () => statuses(das.call('getOverview')),
  getSettings: () => statuses(das.call('getSettings')),
  openSession: () => statuses(guarded.call('openSession', { body: { token: TOKEN } })),
  closeSession: () => statuses(guarded.call('closeSession')),
  getOpenApi: () => statuses(das.call('getOpenApi')),
  getHealth: () => statuses(guarded.with({ Authorization: '' }).call('getHealth')),
  getReadiness: () => statuses(das.call('getReadiness'), withoutMongo.call('getReadiness')),
  getMetrics: () => statuses(das.call('getMetrics')),
};

async function statuses(...replies: Promise<{ status: number }>[]): Promise<number[]> {
  return (await Promise.all(replies)).map(({ status }) => status);
}

/** With one idempotency key: the deed, then its first answer again. */
async function twice<N extends RouteName>(name: N, options: Parameters<typeof das.call<N>>[1]): Promise<number[]> {
  const sent = { ...options, headers: keyed() } as Parameters<typeof das.call<N>>[1];
  const first = await das.call(name, sent);
  const again = await das.call(name, sent);
  expect(again.body).toEqual(first.body);
  expect(again.headers.get('location')).toBe(first.headers.get('location'));
  return [first.status, again.status];
}

test('every route is called here', () => expect(Object.keys(CALLS).toSorted()).toEqual(Object.keys(ROUTES).toSorted()));

test.each(Object.entries(CALLS))('%s answers as it declares', async (name, call) => {
  const declared = Object.keys((ROUTES[name as RouteName] as RouteSpec).answers).map(Number);
  expect([...new Set(await call())].toSorted()).toEqual(declared.toSorted());
});

test('lists are walked by their cursors: newest first, nothing twice, nothing left out', async () => {
  const items = Array.from({ length: 7 }, (_, i) => ({ script, args: [String(i)] }));
  const launch = (await das.call('createLaunch', { body: { items } })).body;
  const walked: string[] = [];
  let cursor: string | null = null;
  do {
    const query: Record<string, string | number> = {
      launch: launch.id,
      limit: 3,
      ...(cursor === null ? {} : { cursor }),
    };
    const page = (await das.call('listRuns', { query })).body;
    walked.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(walked).toEqual(launch.runs.map(({ id }) => id).reverse());
});

/** What provokes each code. */
const PROVOKED: Record<ProblemCode, () => Promise<{ problem: Problem }>> = {
  invalid_request: () => das.api.refused('submitRun', { body: { script: '' } }),
  unauthenticated: () => das.api.refusedRaw(fetch(`${guarded.url}/api/v1/runs`)),
  forbidden: () => das.api.with({ Origin: 'https://evil.example' }).refused('startScan'),
  not_found: () => das.api.refused('getRun', { params: { id: 'none' } }),
  method_not_allowed: () => das.api.refusedRaw(das.api.raw('DELETE', '/api/v1/runs')),
  invalid_state: () => das.api.refused('cancelRun', { params: { id: runId } }),
  idempotency_conflict: async () => {
    const headers = keyed();
    await das.call('submitRun', { body: { script }, headers });
    return das.api.refused('submitRun', { body: { script, args: ['other'] }, headers });
  },
  version_changed: () => das.api.refused('submitRun', { body: { script, sha256: '0'.repeat(64) } }),
  precondition_failed: () =>
    das.api.refused('putScriptSettings', { query: { path: script }, body: {}, headers: { 'If-Match': '"99"' } }),
  payload_too_large: () => das.api.refused('submitRun', { body: { script, labels: { x: 'x'.repeat(1024 * 1024) } } }),
  unsupported_media_type: () =>
    das.api.refusedRaw(das.api.raw('POST', '/api/v1/runs', { body: '{}', headers: { 'Content-Type': 'text/plain' } })),
  rate_limited: () =>
    eventually(
      'too many wrong tokens',
      () => guarded.refused('openSession', { body: { token: 'wrong' } }),
      ({ problem }) => problem.code !== 'unauthenticated',
      { everyMs: 0 },
    ),
  // A fault of DAS itself: nothing that comes in from outside may do it, so a run is stored that no DAS would store.
  internal_error: async () => {
    await das.db.runs.insertOne({ _id: 'broken', state: 'completed' } as never);
    return das.api.refused('getRun', { params: { id: 'broken' } });
  },
  hdfs_unavailable: () => withoutHdfs.refused('submitRun', { body: { script } }),
  database_unavailable: () => withoutMongo.refused('submitRun', { body: { script } }),
};

describe('errors', () => {
  test('every code is provoked here', () => expect(Object.keys(PROVOKED)).toEqual(PROBLEM_CODES));

  test.each(Object.entries(PROVOKED))('%s', async (code, provoke) => {
    const { problem } = await provoke();
    const { status, title } = PROBLEMS[code as ProblemCode];
    expect(problem).toMatchObject({ code, status, title, type: `urn:das:problem:${code}` });
    expect(problem.detail.length).toBeGreaterThan(10);
  });

  test('what an error says besides: Allow, Retry-After, WWW-Authenticate', async () => {
    const unknown = await das.api.raw('PUT', '/api/v1/runs');
    expect(unknown.headers.get('allow')?.split(', ').toSorted()).toEqual(['GET', 'HEAD', 'POST']);
    const away = await withoutHdfs.refused('listFiles', { query: { path: das.scriptsDir } });
    expect(Number(away.headers.get('retry-after'))).toBeGreaterThan(0);
    const stranger = await fetch(`${guarded.url}/api/v1/runs`);
    expect(stranger.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  test('a fault of DAS itself is in its log, under the requestId of the answer, and tells no internals', async () => {
    const { problem } = await das.api.refused('getRun', { params: { id: 'broken' } });
    const { log } = das.apis[0] as { log: string };
    expect(log.split('\n').find((line) => line.includes(problem.requestId))).toMatch(/ - ERROR - /);
    expect(problem.detail).not.toMatch(/TypeError|undefined|\.ts/);
    await das.db.runs.deleteOne({ _id: 'broken' });
  });
});

describe('OpenAPI', () => {
  type Operation = {
    responses: Record<string, { content?: object }>;
    parameters: { name: string; in: string }[];
    requestBody?: object;
  };
  let paths: Record<string, Record<string, Operation>>;
  beforeAll(async () => {
    const document = (await das.call('getOpenApi')).body;
    expect(document.openapi).toMatch(/^3\.1\./);
    paths = document['paths'] as typeof paths;
  });

  test('lists every route and no other', () => {
    const listed = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    const declared = Object.values(ROUTES).map(
      ({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`,
    );
    expect(listed.toSorted()).toEqual(declared.toSorted());
  });

  test.each(Object.entries(ROUTES) as [string, RouteSpec][])(
    '%s: answers, problems, parameters and body',
    (_, route) => {
      const operation = paths[route.path.replaceAll(/:(\w+)/g, '{$1}')]?.[route.method.toLowerCase()];
      const problems = route.problems.map((code) => PROBLEMS[code].status);
      expect(Object.keys(operation?.responses ?? {})).toEqual(
        expect.arrayContaining([...Object.keys(route.answers), ...problems.map(String)]),
      );
      const parameters = operation?.parameters.filter((parameter) => parameter.in !== 'header').map(({ name }) => name);
      expect(parameters).toEqual([...Object.keys(route.params?.shape ?? {}), ...Object.keys(route.query?.shape ?? {})]);
      expect(operation?.requestBody !== undefined).toBe(route.body !== undefined);
    },
  );
});

test('HEAD answers as GET does, without a body', async () => {
  const response = await das.api.raw('HEAD', '/api/v1/runs');
  expect([response.status, await response.text()]).toEqual([200, '']);
});

test('a foreign Host is refused', async () => {
  const { hostname, port } = new URL(das.url);
  const status = await new Promise((resolve, reject) => {
    request({ hostname, port, path: '/api/v1/runs', headers: { Host: 'evil.example' } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .once('error', reject)
      .end();
  });
  expect(status).toBe(403);
});
