import { join } from 'node:path';
import type { Run } from '@das/contracts/run';
import { breaches, LEDGER_SCRIPT, readLedger } from '@das/testkit/campaign/ledger';
import { startDas } from '@das/testkit/das';
import type { AppProcess } from '@das/testkit/app-process';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';
import { proxyTo } from '@das/testkit/proxy';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

/** Guarantee 18: scaling down and deploying lose nothing. */
const releases = new AsyncDisposableStack();
afterAll(() => releases.disposeAsync());
let das: Das;
let script: string;
let ledger: string;

beforeAll(async () => {
  das = await startDas({ stub: true, workers: 0, workerEnv: { WORKER_CONCURRENCY: '2' } });
  ledger = join(das.home, 'ledger');
  script = await das.putScript('driver.py', LEDGER_SCRIPT);
});
afterAll(() => das[Symbol.asyncDispose]());
afterEach(async () => expect(breaches(await readLedger(ledger))).toEqual([]));

const submit = (seconds: number, modes = '-') => das.submit({ script, args: [ledger, String(seconds), modes] });
const submitMany = (count: number, seconds: number) =>
  Promise.all(Array.from({ length: count }, () => submit(seconds)));
const stateOf = async ({ id }: AppProcess) =>
  (await das.call('listWorkers')).body.items.find((worker) => worker.id === id)?.state;
const holders = (run: Run) => run.attempts.map(({ claims }) => claims[0]?.workerId);
const isRunning = ({ phase }: Run) => phase === 'running';
const allEnd = async (runs: Run[]) => {
  for (const { id } of runs) expect(await das.waitFor(id)).toMatchObject({ state: 'completed', failures: 0 });
};

test('a worker with time to drain finishes what it runs, claims nothing more, and says when it is safe to remove', async () => {
  const leaving = await das.addWorker({ DRAIN_GRACE_MS: '60000' });
  const runs = await submitMany(8, 2);
  await eventually('both places are taken', () => Promise.all(runs.map(({ id }) => das.run(id))), (all) => all.filter(isRunning).length === 2); // prettier-ignore
  const stopped = leaving.stop();
  await eventually('draining', () => stateOf(leaving), (state) => state === 'draining'); // prettier-ignore
  await stopped;
  expect(await stateOf(leaving)).toBe('drained');
  const after = await Promise.all(runs.map(({ id }) => das.run(id)));
  expect(after.filter(({ state }) => state === 'completed').length).toBeGreaterThanOrEqual(2);
  expect(after.every(({ state, losses }) => losses === 0 && (state === 'completed' || state === 'queued'))).toBe(true);
  const next = await das.addWorker();
  await allEnd(runs);
  await next.stop();
});

test('without time it hands back what it runs, as drained: another one starts it at once, no retry is used up', async () => {
  const leaving = await das.addWorker({ DRAIN_GRACE_MS: '0' });
  const runs = [await submit(300, 'once'), await submit(300, 'stubborn+family+once')];
  for (const { id } of runs) await das.waitFor(id, isRunning);
  const queued = await submitMany(4, 0.2);
  const staying = await das.addWorker();
  await leaving.stop();
  await allEnd([...runs, ...queued]);
  for (const { id } of runs) {
    const run = await das.run(id);
    expect(run.attempts.map(({ state, loss }) => loss?.kind ?? state)).toEqual(['drained', 'completed']);
    expect(holders(run)).toEqual([leaving.id, staying.id]);
  }
  await staying.stop();
});

test('a worker without Redis ends too when it is told to, and its run goes on elsewhere', async () => {
  const redis = await proxyTo(das.stack.redisUrl);
  releases.use(redis.proxy);
  const leaving = await das.addWorker({ REDIS_URL: redis.uri, DRAIN_GRACE_MS: '0' });
  const run = await submit(300, 'once');
  await das.waitFor(run.id, isRunning);
  redis.proxy.cut();
  await leaving.stop();
  expect(await stateOf(leaving)).toBe('drained');
  const next = await das.addWorker();
  await das.waitFor(run.id, undefined, { withinMs: 100_000 });
  await allEnd([run]);
  await next.stop();
});

test('everything is stopped under load and started again, the API rolled: nothing fails, nothing is done twice', async () => {
  const [one, two] = [await das.addWorker(), await das.addWorker()];
  const runs = await submitMany(10, 1);
  const rolled = await das.addApi();
  const [first] = das.apis as [AppProcess];
  const meanwhile = Promise.all(Array.from({ length: 10 }, async () => (await rolled.call('submitRun', { body: { script, args: [ledger, '0.2', '-'] } })).body as Run)); // prettier-ignore
  await Promise.all([one.stop(), two.stop()]);
  const accepted = [...runs, ...(await meanwhile)];
  await das.addWorker();
  await allEnd(accepted);
  const stored = await das.db.runs.find({ _id: { $in: accepted.map(({ id }) => id) } }).toArray();
  for (const run of stored) expect(run.events.filter(({ to }) => to === 'completed')).toHaveLength(1);
  await first.stop();
  expect((await rolled.call('listRuns')).status).toBe(200);
});
