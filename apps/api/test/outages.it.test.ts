import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';
import { proxyTo } from '@das/testkit/proxy';
import type { Proxy } from '@das/testkit/proxy';
import { inject } from 'vitest';

/** A service away (connections refused) or hanging (nothing comes back) at the time of a call. */
let das: Das;
let hdfs: Proxy;
let mongo: Proxy;
let redis: Proxy;
let known: string;
let knownHash: string;
beforeAll(async () => {
  const { mongodbUri, redisUrl, hdfsUrl } = inject('stack');
  const [toHdfs, toMongo, toRedis] = await Promise.all([proxyTo(hdfsUrl), proxyTo(mongodbUri), proxyTo(redisUrl)]);
  [hdfs, mongo, redis] = [toHdfs.proxy, toMongo.proxy, toRedis.proxy];
  das = await startDas({
    stub: true,
    env: { REDIS_URL: toRedis.uri },
    apiEnv: { HDFS_URL: toHdfs.uri, HDFS_DEADLINE_MS: '4000', MONGODB_URI: toMongo.uri },
  });
  known = await das.putScript('known.py', 'print("known")\n');
  knownHash = (await das.call('getScriptContent', { query: { path: known } })).body.sha256;
});
afterEach(async () => {
  for (const proxy of [hdfs, mongo, redis]) proxy.resume();
  await eventually(
    'all is well again',
    async () => (await das.call('getReadiness')).body.status,
    (status) => status === 'ok',
  );
});
afterAll(async () => {
  await das[Symbol.asyncDispose]();
  for (const proxy of [hdfs, mongo, redis]) await proxy[Symbol.asyncDispose]();
});

/** Every call answers within 3 s, whatever is down. */
async function inTime<T>(call: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const answer = await call();
  expect(performance.now() - began).toBeLessThan(3000);
  return answer;
}

const WAYS = ['cut', 'freeze'] as const;

describe.each(WAYS)('HDFS: %s', (way) => {
  test('what needs it answers hdfs_unavailable in time, and nothing is half done', async () => {
    const fresh = await das.putScript(`fresh-${way}.py`, 'print(1)\n');
    const runs = await das.db.runs.countDocuments();
    hdfs[way]();
    const refusals = await Promise.all([
      inTime(() => das.api.refused('submitRun', { body: { script: fresh } })),
      inTime(() => das.api.refused('createLaunch', { body: { items: [{ script: known }, { script: fresh }] } })),
      inTime(() => das.api.refused('getScriptContent', { query: { path: fresh } })),
      inTime(() => das.api.refused('listFiles', { query: { path: das.scriptsDir } })),
    ]);
    for (const { status, headers, problem } of refusals) {
      expect([status, problem.code]).toEqual([503, 'hdfs_unavailable']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(await das.db.runs.countDocuments()).toBe(runs);
    expect(await das.db.launches.countDocuments()).toBe(0);
    expect((await inTime(() => das.call('getReadiness'))).body).toMatchObject({
      status: 'degraded',
      hdfs: { ok: false },
    });
    expect((await inTime(() => das.call('listScripts'))).status).toBe(200);
  });

  test('a content that is stored can be run, by its hash', async () => {
    hdfs[way]();
    const { body } = await inTime(() => das.call('submitRun', { body: { script: known, sha256: knownHash } }));
    expect(await das.waitFor(body.id)).toMatchObject({ state: 'completed', result: { tail: 'known\n' } });
  });

  test('a scan says what went wrong, and nothing is missing because of it', async () => {
    hdfs[way]();
    const { body } = await inTime(() => das.call('startScan'));
    const scan = await eventually(
      'the scan ends',
      async () => (await das.call('getScan', { params: { id: body.id } })).body,
      ({ state }) => state !== 'running',
      { withinMs: 60_000 },
    );
    expect(scan).toMatchObject({ state: 'failed', missing: [] });
    expect(scan.errors?.[0]?.path).toBe(das.scriptsDir);
    expect((await das.call('listScripts', { query: { missing: true } })).body.items).toEqual([]);
  });
});

describe.each(WAYS)('MongoDB: %s', (way) => {
  test('every call answers database_unavailable in time, nothing is half done, and all is well afterwards', async () => {
    const run = await das.runToEnd({ script: known });
    const runs = await das.db.runs.countDocuments();
    mongo[way]();
    const refusals = await Promise.all([
      inTime(() => das.api.refused('submitRun', { body: { script: known } })),
      inTime(() => das.api.refused('createLaunch', { body: { items: [{ script: known }] } })),
      inTime(() => das.api.refused('listRuns')),
      inTime(() => das.api.refused('getRun', { params: { id: run.id } })),
      inTime(() => das.api.refused('rerunRun', { params: { id: run.id } })),
      inTime(() => das.api.refused('cancelRun', { params: { id: run.id } })),
      inTime(() => das.api.refused('listScripts')),
      inTime(() => das.api.refused('getLog', { params: { id: run.id, n: 1 } })),
      inTime(() => das.api.refused('startScan')),
    ]);
    for (const { status, headers, problem } of refusals) {
      expect([status, problem.code]).toEqual([503, 'database_unavailable']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    const ready = await inTime(() => das.call('getReadiness'));
    expect([ready.status, ready.body]).toEqual([
      503,
      expect.objectContaining({ status: 'down', mongodb: expect.objectContaining({ ok: false }) as unknown }),
    ]);
    expect((await inTime(() => das.call('getHealth'))).status).toBe(200);
    mongo.resume();
    await eventually(
      'it answers again',
      async () => (await das.api.raw('GET', '/api/v1/runs')).status,
      (status) => status === 200,
    );
    expect(await das.db.runs.countDocuments()).toBe(runs);
    expect(await das.runToEnd({ script: known })).toMatchObject({ state: 'completed' });
  });

  test('live events go on after it', async () => {
    const live = await das.live();
    await live.subscribe('runs');
    mongo[way]();
    await inTime(() => das.api.refused('listRuns'));
    mongo.resume();
    await eventually(
      'it answers again',
      async () => (await das.api.raw('GET', '/api/v1/runs')).status,
      (status) => status === 200,
    );
    const run = await das.runToEnd({ script: known });
    await live.until('run', () => live.statesOf(run.id).at(-1) === 'completed', { withinMs: 40_000 });
  });
});

describe.each(WAYS)('Redis: %s', (way) => {
  test('a run is accepted in time, says what it waits for, and runs once Redis is back', async () => {
    const told = (what: string) => das.logs.split(what).length;
    const before = told('Redis does not answer: runs are accepted');
    redis[way]();
    const { status, body } = await inTime(() => das.call('submitRun', { body: { script: known } }));
    expect([status, body.state, body.waiting?.reason]).toEqual([202, 'queued', 'queue_unavailable']);
    const launch = await inTime(() =>
      das.call('createLaunch', { body: { items: [{ script: known }, { script: known }] } }),
    );
    expect(launch.status).toBe(202);
    expect((await inTime(() => das.call('getReadiness'))).body).toMatchObject({
      status: 'degraded',
      redis: { ok: false },
    });
    const cancelled = await das.submit({ script: known });
    expect((await inTime(() => das.call('cancelRun', { params: { id: cancelled.id } }))).body.state).toBe('cancelled');
    const away = () => Promise.resolve(told('Redis does not answer: runs are accepted'));
    await eventually('the log says that it is away', away, (times) => times > before);
    redis.resume();
    for (const { id } of [body, ...launch.body.runs]) {
      const run = await das.waitFor(id, undefined, { withinMs: 90_000 });
      expect(run).toMatchObject({ state: 'completed', attemptCount: 1 });
      expect(run.waiting).toBeUndefined();
    }
    expect((await das.run(cancelled.id)).attemptCount).toBe(0);
  });
});

test('a Redis that lost everything: what was queued runs all the same', async () => {
  const sleeping = await das.putScript('sleeping.py', 'import time\ntime.sleep(2)\n');
  const launch = (
    await das.call('createLaunch', { body: { items: Array.from({ length: 8 }, () => ({ script: sleeping })) } })
  ).body;
  await das.waitFor(launch.runs[0]?.id ?? '', ({ state }) => state === 'running');
  await das.forgetQueue();
  const ended = await Promise.all(launch.runs.map(({ id }) => das.waitFor(id, undefined, { withinMs: 90_000 })));
  expect(ended.map(({ state, attemptCount }) => [state, attemptCount])).toEqual(
    launch.runs.map(() => ['completed', 1]),
  );
});
