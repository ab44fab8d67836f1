import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ROUTES } from '@das/contracts/routes';
import type { RouteName } from '@das/contracts/routes';
import { startOwnServices } from '@das/testkit/campaign/own-services';
import type { OwnServices } from '@das/testkit/campaign/own-services';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';
import { startOwnHdfs } from '@das/testkit/own-hdfs';
import type { OwnHdfs } from '@das/testkit/own-hdfs';

/** Guarantee 10: with Redis, mongod or the NameNode frozen (SIGSTOP) every route answers, and readyz tells which it is. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

/** 3 s are promised; the rest is this machine's, which may be busy with other things. Milliseconds. */
const CEILING_MS = 6000;

let own: OwnServices;
let hdfs: OwnHdfs;
let das: Das;
let script: string;
let runId: string;
let launchId: string;
let scanId: string;
beforeAll(async () => {
  [own, hdfs] = await Promise.all([startOwnServices(), startOwnHdfs()]);
  das = await startDas({
    stub: true,
    stack: { mongodbUri: own.mongo.url, redisUrl: own.redis.url, hdfsUrl: hdfs.url, hdfsRpcUrl: hdfs.rpcUrl },
  });
  script = await das.putScript('known.py', 'print(1)\n');
  runId = (await das.runToEnd({ script })).id;
  launchId = (await das.call('createLaunch', { body: { items: [{ script }] } })).body.id;
  scanId = (await das.call('startScan')).body.id;
  await eventually('the launch ends', async () => (await das.call('getLaunch', { params: { id: launchId } })).body.state, (state) => state === 'completed'); // prettier-ignore
});
afterAll(() =>
  das[Symbol.asyncDispose]().finally(() => Promise.all([own[Symbol.asyncDispose](), hdfs[Symbol.asyncDispose]()])),
);

type Answer = { route: string; status: number; code: string | undefined; ms: number };

/** What each route needs to be called as somebody would. */
function callsOf(): [RouteName, Parameters<typeof das.api.fetch>[1]][] {
  const idOf = (path: string) => (path.includes('/launches/') ? launchId : path.includes('/scans/') ? scanId : runId);
  const bodies: Partial<Record<string, unknown>> = {
    submitRun: { script },
    createLaunch: { items: [{ script }, { script }] },
    rerunRun: {},
    repairLaunch: { only: 'both', version: 'pinned' },
    bulkRuns: { action: 'cancel', ids: [runId] },
    openSession: { token: 'x' },
    putScriptSettings: {},
  };
  const queries: Partial<Record<string, Record<string, string>>> = {
    getScriptContent: { path: script },
    listFiles: { path: das.scriptsDir },
  };
  return (Object.keys(ROUTES) as RouteName[]).map((name) => {
    const { path } = ROUTES[name];
    const query = queries[name] ?? (/\/scripts\/(versions|stats|settings)/.test(path) ? { path: script } : {});
    return [name, { params: { id: idOf(path), n: 1 }, query, body: bodies[name] }];
  });
}

/** Calls every route at once, three times over; the slowest counts. */
async function callAll(): Promise<Answer[]> {
  return Promise.all(
    [...callsOf(), ...callsOf(), ...callsOf()].map(async ([name, options]) => {
      const began = performance.now();
      const response = await das.api.fetch(name, options);
      const text = await response.text();
      const ms = performance.now() - began;
      const isProblem = (response.headers.get('content-type') ?? '').startsWith('application/problem+json');
      const code = isProblem ? (JSON.parse(text) as { code: string }).code : undefined;
      return { route: name, status: response.status, code, ms };
    }),
  );
}

async function readiness() {
  const response = await das.api.fetch('getReadiness');
  const body = (await response.json()) as Record<'status', string> & Record<'mongodb' | 'redis' | 'hdfs', { ok: boolean }>;
  return { http: response.status, status: body.status, mongodb: body.mongodb.ok, redis: body.redis.ok, hdfs: body.hdfs.ok };
} // prettier-ignore

const well = () =>
  eventually('all is well again', readiness, ({ status }) => status === 'ok', { withinMs: 60_000, everyMs: 500 });

/** Twice: at once, and after it has lasted a while (caches and connections have run out). */
async function answersWhileFrozen(allowed: (answer: Answer) => boolean): Promise<void> {
  for (const round of ['at once', 'later']) {
    if (round === 'later') await sleep(8000);
    const answers = await callAll();
    expect(answers.filter(({ ms }) => ms > CEILING_MS)).toEqual([]);
    expect(answers.filter((answer) => answer.status >= 500 && !allowed(answer))).toEqual([]);
  }
}

describe('frozen:', () => {
  test('nothing: no route fails', async () => {
    const answers = await callAll();
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    expect(await readiness()).toMatchObject({ http: 200, status: 'ok' });
  });

  test('Redis: nothing is refused because of it', async () => {
    own.redis.freeze();
    try {
      await answersWhileFrozen(() => false);
      expect(await readiness()).toEqual({ http: 200, status: 'degraded', mongodb: true, redis: false, hdfs: true });
    } finally {
      own.redis.thaw();
    }
    await well();
  });

  test('mongod: database_unavailable', async () => {
    own.mongo.freeze();
    try {
      await answersWhileFrozen(({ route, code }) => code === 'database_unavailable' || route === 'getReadiness');
      expect(await readiness()).toEqual({ http: 503, status: 'down', mongodb: false, redis: true, hdfs: true });
      expect((await das.api.fetch('getHealth')).status).toBe(200);
    } finally {
      own.mongo.thaw();
    }
    await well();
  });

  test('the NameNode: hdfs_unavailable', async () => {
    hdfs.freeze('namenode');
    try {
      await answersWhileFrozen(({ code }) => code === 'hdfs_unavailable');
      expect(await readiness()).toEqual({ http: 200, status: 'degraded', mongodb: true, redis: true, hdfs: false });
    } finally {
      hdfs.thaw('namenode');
    }
    await well();
  });

  test('all three at once', async () => {
    own.redis.freeze();
    own.mongo.freeze();
    hdfs.freeze('namenode');
    try {
      await answersWhileFrozen(
        ({ route, code }) => code?.endsWith('_unavailable') === true || route === 'getReadiness',
      );
      expect(await readiness()).toEqual({ http: 503, status: 'down', mongodb: false, redis: false, hdfs: false });
    } finally {
      hdfs.thaw('namenode');
      own.mongo.thaw();
      own.redis.thaw();
    }
    await well();
    expect(await das.runToEnd({ script }, { withinMs: 120_000 })).toMatchObject({ state: 'completed' });
  });
});
