import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connectDatabase } from './database.ts';
import type { Database } from './database.ts';
import { SubmitterTags } from './fair-share-tags.ts';

let db: Database;
beforeAll(async () => {
  const database = `das-tags-${randomUUID().slice(0, 8)}`;
  const { mongodbUri: uri } = inject('stack');
  db = await connectDatabase({ uri, database, collection: 'sample', timeoutMs: 20_000, appName: 'das-test' });
});
afterAll(async () => {
  await db.db.dropDatabase();
  await db.close();
});

const stored = async (id: string) => (await db.fairShare.findOne({ _id: id }))?.tag;

test('one after the other within a class and submitter, however many ask at once; behind what was claimed', async () => {
  const tags = new SubmitterTags(db);
  const [first, other, more] = await tags.take([
    { priorityClass: 4, submitterId: 'ann', count: 2 },
    { priorityClass: 4, submitterId: 'bob', count: 1 },
    { priorityClass: 4, submitterId: 'ann', count: 1 },
  ]);
  expect([first, other, more]).toEqual([[1, 2], [1], [3]]);
  await expect.poll(() => stored('4:ann')).toBe(3);
  expect(await tags.take([{ priorityClass: 4, submitterId: 'ann', count: 1 }])).toEqual([[4]]);
  await expect.poll(() => stored('4:ann')).toBe(4);
  await db.fairShare.updateOne({ _id: '4' }, { $set: { tag: 10 } }, { upsert: true });
  // Once what is known is older than 50 ms.
  await expect.poll(async () => (await tags.take([{ priorityClass: 4, submitterId: 'bob', count: 1 }]))[0]?.[0]).toBeGreaterThan(10); // prettier-ignore
});

test('what several processes give to one submitter adds up', async () => {
  const processes = Array.from({ length: 3 }, () => new SubmitterTags(db));
  const wanted = [{ priorityClass: 2, submitterId: 'greedy', count: 10 }];
  await Promise.all(processes.map((tags) => tags.take(wanted)));
  await expect.poll(() => stored('2:greedy')).toBe(30);
  expect(await new SubmitterTags(db).take(wanted)).toEqual([Array.from({ length: 10 }, (_, index) => 31 + index)]);
});
