import type { LaunchCreated } from '@das/contracts/launch';
import type { Run } from '@das/contracts/run';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** Guarantee 19: one submitter's 2,000 runs do not keep another one's 5 waiting; priority still goes first. */
const MANY = 2000;
let das: Das;
let script: string;
beforeAll(async () => {
  das = await startDas({ stub: true, workers: 0 });
  script = await das.putScript('quick.py', 'print(1)\n');
});
afterAll(() => das[Symbol.asyncDispose]());

const as = (submitter: string) => das.api.with({ 'X-DAS-Submitter': submitter });
const submitAs = async (submitter: string, priority: number) =>
  (await as(submitter).call('submitRun', { body: { script, priority } })).body as Run;

test(`${MANY} runs of one, then 5 of another, then an urgent one of the first`, async () => {
  const launches: string[] = [];
  for (let left = MANY; left > 0; left -= 1000) {
    const items = Array.from({ length: Math.min(left, 1000) }, () => ({ script }));
    const { body } = await as('greedy').call('createLaunch', { body: { items } });
    launches.push((body as LaunchCreated).id);
  }
  const few: Run[] = [];
  for (let n = 0; n < 5; n += 1) few.push(await submitAs('modest', 4));
  const urgent = await submitAs('greedy', 1);
  const idle = await submitAs('modest', 7);

  const position = async ({ id }: Run) => (await das.run(id)).waiting;
  expect(await position(urgent)).toMatchObject({ reason: 'no_worker', position: 0 });
  expect((await position(few[4] as Run))?.position).toBeLessThan(15);
  expect((await position(idle))?.position).toBe(MANY + 6);

  await das.addWorker({ WORKER_CONCURRENCY: '2' });
  await eventually('the five have ended', () => Promise.all(few.map(({ id }) => das.run(id))), (all) => all.every(({ state }) => state === 'completed'), { withinMs: 90_000 }); // prettier-ignore
  // While the many wait: once they are cancelled, its turn may come.
  expect((await das.run(idle.id)).waiting).toMatchObject({ reason: 'workers_busy' });
  for (const id of launches) await das.call('cancelLaunch', { params: { id } });

  const started = await das.db.runs
    .find({ startedAt: { $ne: null } })
    .sort({ startedAt: 1 })
    .toArray();
  const order = started.map(({ _id, submittedBy }) => ({ id: _id, by: submittedBy.id }));
  const places = few.map(({ id }) => order.findIndex((run) => run.id === id));
  expect(order.findIndex(({ id }) => id === urgent.id)).toBeLessThanOrEqual(1);
  // One of each in turn, give or take what two places at once shuffle.
  for (const [n, place] of places.entries()) expect(Math.abs(place - 2 * n)).toBeLessThanOrEqual(4);
  expect(order.some(({ by }) => by === 'greedy')).toBe(true);
}, 240_000);

test('it is as fair after hundreds of thousands of runs, more than BullMQ can count', async () => {
  await das.db.fairShare.updateOne({ _id: '4' }, { $set: { tag: 300_000 } }, { upsert: true });
  const [worker] = das.workers;
  await worker?.stop();
  const many = await Promise.all(Array.from({ length: 30 }, () => submitAs('newly greedy', 4)));
  const few: Run[] = [];
  for (let n = 0; n < 5; n += 1) few.push(await submitAs('newly modest', 4));
  await eventually('the reconciler counts from a new base', () => das.db.fairShare.findOne({ _id: 'base:4' }), (base) => (base?.tag ?? 0) >= 300_000); // prettier-ignore
  await das.addWorker({ WORKER_CONCURRENCY: '1' });
  for (const { id } of [...few, ...many]) await das.waitFor(id);
  const ids = [...few, ...many].map(({ id }) => id);
  const started = await das.db.runs.find({ _id: { $in: ids } }).sort({ startedAt: 1 }).toArray(); // prettier-ignore
  const places = few.map(({ id }) => started.findIndex(({ _id }) => _id === id));
  expect(Math.max(...places)).toBeLessThanOrEqual(14);
}, 240_000);
