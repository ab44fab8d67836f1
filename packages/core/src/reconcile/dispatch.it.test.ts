import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { newIdAt } from '../domain/ids.ts';
import { connectDatabase } from '../mongo/database.ts';
import type { Database } from '../mongo/database.ts';
import { RunStore } from '../mongo/run-store.ts';
import { RunQueue } from '../queue/run-queue.ts';
import { Dispatch } from './dispatch.ts';
import { Rotation } from './waiting-runs.ts';

/** Guarantee 9 with more runs waiting than one round looks at. */

const log = pino({ level: 'silent' });
const { mongodbUri: uri, redisUrl } = inject('stack');
const database = `das-dispatch-${randomUUID().slice(0, 8)}`;
const connect = () => connectDatabase({ uri, database, collection: 'sample', timeoutMs: 20_000, appName: 'das-test' });

let db: Database;
let redis: Redis;
let prefix: string;
let queue: RunQueue;

beforeAll(async () => {
  redis = new Redis(redisUrl);
  db = await connect();
});
afterAll(async () => {
  await db.db.dropDatabase();
  await db.close();
  redis.disconnect();
});
beforeEach(async () => {
  await db.runs.deleteMany({});
  prefix = `das-test-${randomUUID().slice(0, 8)}`;
  queue = new RunQueue({ redisUrl, prefix, log });
  await expect.poll(() => queue.ping().catch(() => null)).not.toBeNull();
  return async () => {
    await queue.close();
    await empty();
  };
});

const dispatch = (runs = new RunStore(db)) => new Dispatch({ db, runs, queue, log });

/** What emptying Redis does to this queue. */
async function empty(): Promise<void> {
  const keys = await redis.keys(`${prefix}:*`);
  for (let at = 0; at < keys.length; at += 5000) await redis.unlink(keys.slice(at, at + 5000));
}

/** Waiting runs, one a millisecond, the newest `ageMs` old (or, negative, ahead); oldest first. */
async function store(count: number, ageMs: number) {
  const newest = db.clock.now().getTime() - ageMs;
  const runs = Array.from({ length: count }, (_, index) => {
    const createdAt = new Date(newest - count + index);
    return {
      _id: newIdAt(createdAt.getTime()),
      state: 'queued' as const,
      createdAt,
      seq: 1,
      epoch: 1,
      failures: 0,
      retries: { max: 0 },
      order: { class: 0, tag: index },
      nextAttemptAt: null,
      events: [],
    };
  });
  await db.runs.insertMany(runs as never[], { ordered: false });
  return runs as never as { _id: string; epoch: number }[];
}

const withoutJob = async () => (await queue.missing(await db.runs.find().toArray())).map(({ _id }) => _id);

test('of 10,200 runs that wait, the newest that lost their jobs are found at once, all others in turn', async () => {
  const runs = await store(10_200, 10_000);
  const reconciler = dispatch();
  await reconciler.round(true);
  expect(await withoutJob()).toEqual([]);
  const lost = [runs[3], runs[5100], ...runs.slice(-2)] as typeof runs;
  for (const run of lost) await queue.remove(run);
  await reconciler.round(false);
  expect(await withoutJob()).toEqual([lost[0]?._id, lost[1]?._id]);
  await reconciler.round(true);
  expect(await withoutJob()).toEqual([lost[1]?._id]);
  await reconciler.round(true);
  expect(await withoutJob()).toEqual([]);
  const told = await db.runs.find({ 'events.reason': 'it had no job in Redis: enqueued' }).sort({ _id: 1 }).toArray();
  expect(told.map(({ _id }) => _id)).toEqual(lost.map(({ _id }) => _id));
});

test('a run that waits anew without a job is found at once, though it had one when it was looked for a moment before', async () => {
  const [run] = (await store(1, 10_000)) as [{ _id: string; epoch: number }];
  const reconciler = dispatch();
  await reconciler.round(false); // fills Redis
  await reconciler.round(false); // looks for it
  await queue.remove(run);
  const nextAttemptAt = new Date(db.clock.now().getTime() - 3000);
  await db.runs.updateOne({ _id: run._id }, { $set: { state: 'retrying', nextAttemptAt } });
  await reconciler.round(false);
  expect(await withoutJob()).toEqual([]);
});

test('whoever enqueues again what an emptied Redis lost, and gets no further than its first runs, is followed by one that does all', async () => {
  const runs = await store(1200, -60_000); // none is overdue
  const broken = await connect();
  await broken.close();
  await expect(dispatch(new RunStore(broken)).round(false)).rejects.toThrow();
  expect(await withoutJob()).toHaveLength(700);
  await dispatch().round(false);
  expect(await withoutJob()).toEqual([]);
  // All is there: nobody looks through everything again.
  await queue.remove(runs[7] as (typeof runs)[0]);
  await dispatch().round(false);
  expect(await withoutJob()).toHaveLength(1);
});

test('two enqueue at once what an emptied Redis lost: each run gets one job', async () => {
  await store(1200, -60_000);
  await Promise.all([dispatch().round(false), dispatch().round(false)]);
  expect(await withoutJob()).toEqual([]);
  expect(await redis.zcard(`${prefix}:runs:prioritized`)).toBe(1200 - 1); // tag 0 of class 0: no priority
  expect(await redis.llen(`${prefix}:runs:wait`)).toBe(1);
  expect(await queue.emptied()).toBeNull();
});

test('a Redis that is emptied again while it is being filled does not count as filled', async () => {
  const first = (await queue.emptied()) as string;
  expect(await queue.emptied()).toBe(first);
  await empty();
  const second = (await queue.emptied()) as string;
  await queue.filled(first);
  expect(await queue.emptied()).toBe(second);
  await queue.filled(second);
  expect(await queue.emptied()).toBeNull();
  await queue.filled(first);
  expect(await queue.emptied()).toBeNull();
});

test('stretches follow one another round and round; what was not dealt with comes again', async () => {
  const ids = (await store(1200, 0)).map(({ _id }) => _id);
  const rotation = new Rotation(db);
  const next = async (most: number) => {
    const seen: string[] = [];
    for await (const batch of rotation.stretch({ state: 'queued' }, most)) seen.push(...batch.map(({ _id }) => _id));
    return seen;
  };
  expect(await next(1000)).toEqual(ids.slice(0, 1000));
  for await (const [first] of rotation.stretch({ state: 'queued' }, 1000)) {
    expect(first?._id).toBe(ids[1000]);
    break;
  }
  expect(await next(1000)).toEqual([...ids.slice(1000), ...ids.slice(0, 800)]);
  expect(await next(5000)).toEqual([...ids.slice(800), ...ids.slice(0, 800)]);
});
