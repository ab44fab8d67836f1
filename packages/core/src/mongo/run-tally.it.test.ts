import type { RunCounts } from '@das/contracts/launch';
import type { RunState } from '@das/contracts/states';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { connectDatabase } from './database.ts';
import type { Database } from './database.ts';
import { closeMinutes, MINUTE_MS, reopenMinutes, tallyAll, tallyBuckets } from './run-tally.ts';

let db: Database;
beforeAll(async () => {
  const { mongodbUri: uri } = inject('stack');
  const database = `das-tally-${randomUUID().slice(0, 8)}`;
  db = await connectDatabase({ uri, database, collection: 'sample', timeoutMs: 20_000, appName: 'das-test' });
});
afterAll(async () => {
  await db.db.dropDatabase();
  await db.close();
});
beforeEach(() => Promise.all([db.runs.deleteMany({}), db.tallies.deleteMany({}), db.dayTallies.deleteMany({})]));

/** The whole minute `minutes` ago. */
const ago = (minutes: number) => new Date((Math.floor(db.clock.now().getTime() / MINUTE_MS) - minutes) * MINUTE_MS);

async function store(createdAt: Date, states: RunState[]): Promise<void> {
  await db.runs.insertMany(states.map((state) => ({ _id: randomUUID(), state, createdAt }) as never));
}

const changeAll = (from: RunState, state: RunState) => db.runs.updateMany({ state: from }, { $set: { state } });

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
