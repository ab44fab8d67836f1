import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';
import { startWebHdfsProxy } from '@das/testkit/webhdfs-proxy';
import type { WebHdfsProxy } from '@das/testkit/webhdfs-proxy';

/** Guarantee 12: while HDFS is away nobody tries run after run; while it only keeps one file back, all others go on. */
const CONCURRENCY = 2;
const MANY = 12;
let proxy: WebHdfsProxy;
let das: Das;
beforeAll(async () => {
  proxy = await startWebHdfsProxy(inject('stack').hdfsUrl);
  das = await startDas({
    stub: true,
    workerEnv: { HDFS_URL: proxy.url, HDFS_DEADLINE_MS: '1000', WORKER_CONCURRENCY: String(CONCURRENCY) },
  });
});
afterAll(() => das[Symbol.asyncDispose]().finally(() => proxy[Symbol.asyncDispose]()));

const worker = async () =>
  (await das.db.workers.findOne({ _id: das.workers[0]?.id ?? '' })) ?? expect.fail('no worker');
const becomes = (state: string) =>
  eventually(`it is ${state}`, worker, (seen) => seen.state === state, { withinMs: 60_000 });
const attempts = async () => {
  const runs = await das.db.runs.find().toArray();
  return runs.reduce((sum, { attemptCount }) => sum + attemptCount, 0);
};

test('HDFS is away: a worker that has met it rests, however many runs wait; back again, they all run soon', async () => {
  proxy.meddle = () => ({ status: 503, page: '' });
  const script = await das.putScript('waits.py', 'print("waited")\n');
  const runs = await Promise.all(Array.from({ length: MANY }, () => das.submit({ script })));
  const { detail } = await becomes('unhealthy');
  expect(detail).toMatch(/HDFS does not answer/);
  await sleep(10_000);
  expect(await attempts()).toBeLessThanOrEqual(2 * CONCURRENCY); // two places, and whom they had taken as it began
  expect((await worker()).state).toBe('unhealthy');
  const told = await Promise.all(runs.map(({ id }) => das.run(id)));
  expect(told.map(({ waiting }) => waiting?.reason)).toEqual(runs.map(() => 'hdfs_unavailable'));
  expect((await das.call('listWorkers')).body.items[0]?.detail).toBe(detail);
  expect((await das.call('getReadiness')).body.spark.error).toMatch(/HDFS does not answer/);
  proxy.heal();
  await becomes('active');
  for (const { id } of runs) {
    expect(await das.waitFor(id)).toMatchObject({ state: 'completed', failures: 0 });
  }
});

test('HDFS answers, and keeps one file back: the run waits for it, and the worker goes on with others', async () => {
  const kept = await das.putScript('kept.py', 'print("kept")\n# not known to the worker yet\n');
  proxy.meddle = ({ path }) => (path === kept ? { status: 503, page: '' } : 'pass');
  const waiting = await das.submit({ script: kept });
  await das.waitFor(waiting.id, ({ losses }) => losses >= 2);
  expect((await worker()).state).toBe('active');
  const other = await das.runToEnd({ script: await das.putScript('other.py', 'print("other")\n') });
  expect(other).toMatchObject({ state: 'completed', losses: 0 });
  expect(das.workers[0]?.log.match(/HDFS does not answer/g)).toHaveLength(1); // of the test before
  proxy.heal();
  expect(await das.waitFor(waiting.id)).toMatchObject({ state: 'completed', failures: 0 });
});
