import type { RunCounts } from '@das/contracts/launch';
import type { RunState } from '@das/contracts/states';
import { randomUUID } from 'node:crypto';
import { ownDatabase } from '@das/testkit/own-database';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Database } from './database.ts';
import { closeMinutes, firstTurn, reopenMinutes } from './run-tally-closing.ts';
import { MINUTE_MS } from './run-tally-counting.ts';
import { tallyAll, tallyBuckets } from './run-tally.ts';

let db: Database & AsyncDisposable;
let thisMinute: number;
beforeAll(async () => {
  db = await ownDatabase();
});
afterAll(() => db[Symbol.asyncDispose]());
beforeEach(async () => {
  thisMinute = Math.floor(db.clock.now().getTime() / MINUTE_MS);
  await Promise.all([db.runs.deleteMany({}), db.tallies.deleteMany({}), db.dayTallies.deleteMany({})]);
});

/** The whole minute that began `minutes` before the one in which the test did. */
const ago = (minutes: number) => new Date((thisMinute - minutes) * MINUTE_MS);

async function store(createdAt: Date, states: RunState[]): Promise<void> {
  await db.runs.insertMany(states.map((state) => ({ _id: randomUUID(), state, createdAt }) as never));
}

const changeAll = (from: RunState, state: RunState) => db.runs.updateMany({ state: from }, { $set: { state } });

/** Runs of one state, one in each of the minutes. */
const storeEach = (minutes: number[], state: RunState) =>
  db.runs.insertMany(minutes.map((minute) => ({ _id: randomUUID(), state, createdAt: ago(minute) }) as never));

const range = (length: number, from: number, step = 1) => Array.from({ length }, (_, index) => from - index * step);

const isFrontierThere = async () => (await db.tallies.findOne({ _id: 'frontier', at: { $gte: ago(2) } })) !== null;

/** Rounds of closing until `done`, at most 40. */
async function closeUntil(done: () => Promise<boolean>): Promise<void> {
  const turn = firstTurn();
  for (let round = 0; round < 40 && !(await done()); round += 1) await closeMinutes(db, turn);
}

async function countedOneByOne(): Promise<RunCounts> {
  const counts: RunCounts = {};
  for await (const { state } of db.runs.find()) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

test('counts are right before, between and after the closing of minutes', async () => {
  await store(ago(3000), ['completed', 'failed', 'completed']);
  await store(ago(90), ['completed', 'running']);
  await store(ago(0), ['queued', 'cancelled']);
  expect(await tallyAll(db)).toEqual({ completed: 3, failed: 1, running: 1, queued: 1, cancelled: 1 });
  await closeMinutes(db);
  expect(await tallyAll(db)).toEqual(await countedOneByOne());
  await changeAll('running', 'retrying');
  expect(await tallyAll(db)).toEqual(await countedOneByOne());
  await changeAll('retrying', 'failed');
  await store(ago(0), ['completed']);
  expect(await tallyAll(db)).toEqual(await countedOneByOne());
  await closeMinutes(db);
  expect(await tallyAll(db)).toEqual({ completed: 4, failed: 2, queued: 1, cancelled: 1 });
});

test('a closed minute is not looked at again: its runs could be gone', async () => {
  await store(ago(60), ['completed', 'completed']);
  await closeMinutes(db);
  await db.runs.deleteMany({});
  expect(await tallyAll(db)).toEqual({ completed: 2 });
  await reopenMinutes(db, [ago(60)]);
  expect(await tallyAll(db)).toEqual({});
  await closeMinutes(db);
  expect(await tallyAll(db)).toEqual({});
  expect(await db.tallies.find().toArray()).toHaveLength(1); // the frontier
});

test('days are summed up once all their minutes are closed, and again when runs of them are removed', async () => {
  const days = (n: number) => ago(n * 24 * 60);
  await store(days(5), ['completed', 'failed']);
  await store(days(3), ['running', 'completed']);
  await store(days(2), ['cancelled']);
  const all = { completed: 2, failed: 1, cancelled: 1 };
  await closeMinutes(db);
  expect(await db.dayTallies.countDocuments({ counts: null })).toBe(1);
  expect(await tallyAll(db)).toEqual({ ...all, running: 1 });
  await changeAll('running', 'failed');
  await closeMinutes(db);
  expect(await db.dayTallies.countDocuments({ counts: null })).toBe(0);
  expect(await tallyAll(db)).toEqual({ ...all, failed: 2 });
  await reopenMinutes(db, [days(5)]);
  await db.runs.deleteMany({ createdAt: days(5) });
  const left = { completed: 1, failed: 1, cancelled: 1 };
  expect(await tallyAll(db)).toEqual(left);
  await closeMinutes(db);
  expect(await tallyAll(db)).toEqual(left);
  await db.tallies.deleteMany({});
  expect(await tallyAll(db)).toEqual(left);
});

test('more open minutes than can be counted apart are counted as one stretch', async () => {
  for (let minute = 200; minute > 10; minute -= 1)
    await store(ago(minute), minute % 2 ? ['completed', 'queued'] : ['failed']);
  await closeMinutes(db);
  expect(await db.tallies.countDocuments({ counts: null })).toBe(95);
  expect(await tallyAll(db)).toEqual({ failed: 95, completed: 95, queued: 95 });
});

test('of many open minutes the oldest are counted apart: what was closed between them, and since, is not counted again', async () => {
  await storeEach(range(60, 3000, 10), 'running'); // the 50th: 2510 minutes ago
  await storeEach([2995, 2515, 2505, 30], 'completed');
  await closeMinutes(db);
  await db.runs.deleteMany({ createdAt: { $in: [ago(2995), ago(2515)] } });
  expect(await tallyAll(db)).toEqual({ running: 60, completed: 4 });
  // Of the last hour all minutes are closed.
  await db.runs.deleteMany({ createdAt: ago(30) });
  expect(await tallyBuckets(db, ago(60), ago(0), 60 * MINUTE_MS)).toEqual([{ at: ago(60), counts: { completed: 1 } }]);
});

test('open minutes have their turn, a round goes on with the next one', async () => {
  await storeEach([100, 90, 80, 70, 60], 'running');
  await closeMinutes(db);
  const open = () => db.tallies.find({ counts: null }).sort({ at: 1 }).toArray();
  await changeAll('running', 'completed');
  const turn = firstTurn();
  await closeMinutes(db, turn, 0);
  expect((await open()).map(({ at }) => at)).toEqual([ago(90), ago(80), ago(70), ago(60)]);
  await db.runs.updateOne({ createdAt: ago(90) }, { $set: { state: 'running' } });
  for (let round = 0; round < 4; round += 1) await closeMinutes(db, turn, 0);
  expect((await open()).map(({ at }) => at)).toEqual([ago(90)]);
  await changeAll('running', 'completed');
  await closeMinutes(db, turn, 0);
  expect(await open()).toEqual([]);
});

test('many minutes that stay open hold up neither the frontier nor newer minutes', async () => {
  await storeEach(range(500, 1000), 'running');
  await storeEach([100], 'queued');
  await closeUntil(isFrontierThere);
  await changeAll('queued', 'completed');
  await storeEach([20], 'failed');
  await db.tallies.updateOne({ _id: 'frontier' }, { $set: { at: ago(30) } });
  await closeMinutes(db);
  expect(await isFrontierThere()).toBe(true);
  await closeUntil(async () => (await db.tallies.countDocuments({ counts: null })) === 500);
  expect(await db.tallies.countDocuments({ counts: null })).toBe(500);
  expect(await tallyAll(db)).toEqual({ running: 500, completed: 1, failed: 1 });
});

test('days that stay open keep no later day from being summed up, and from being used', async () => {
  const day = 24 * 60;
  await storeEach(range(105, 120 * day, day), 'running');
  await storeEach([3 * day], 'completed');
  await closeUntil(isFrontierThere);
  expect(await db.dayTallies.findOne({ at: { $lte: ago(3 * day), $gt: ago(4 * day) } })).toMatchObject({
    counts: { completed: 1 },
  });
  await db.tallies.deleteMany({ at: ago(3 * day) });
  await db.runs.updateMany({ createdAt: { $lt: ago(60 * day) } }, { $set: { state: 'failed' } });
  await closeUntil(async () => (await db.tallies.countDocuments({ counts: null })) < 50);
  expect(await tallyAll(db)).toEqual({ running: 45, failed: 60, completed: 1 });
});

test('buckets begin where they are asked to, whether minutes are closed or not', async () => {
  await store(ago(61), ['cancelled']);
  await store(ago(60), ['completed']);
  await store(ago(51), ['completed', 'running']);
  await store(ago(31), ['failed']);
  await store(ago(1), ['queued']);
  const expected = [
    { at: ago(60), counts: { completed: 2, running: 1 } },
    { at: ago(40), counts: { failed: 1 } },
    { at: ago(10), counts: { queued: 1 } },
  ];
  const ask = () => tallyBuckets(db, ago(60), ago(0), 10 * MINUTE_MS);
  expect(await ask()).toEqual(expected);
  await closeMinutes(db);
  expect(await ask()).toEqual(expected);
  expect(await tallyBuckets(db, ago(60), ago(31), 10 * MINUTE_MS)).toEqual(expected.slice(0, 1));
});
