import { ownDatabase } from '@das/testkit/own-database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SubmitterTags } from './fair-share-tags.ts';

let db: Awaited<ReturnType<typeof ownDatabase>>;
beforeAll(async () => {
  db = await ownDatabase();
});
afterAll(() => db[Symbol.asyncDispose]());

const stored = async (id: string) => (await db.fairShare.findOne({ _id: id }))?.tag;
const wanted = (priorityClass: number, submitterId: string, count: number) => ({ priorityClass, submitterId, count });

test('one after the other within a class and submitter, however many ask at once; behind what was claimed', async () => {
  const tags = new SubmitterTags(db);
  const asked = [wanted(4, 'ann', 2), wanted(4, 'bob', 1), wanted(4, 'ann', 1)];
  expect(await Promise.all(asked.map((want) => tags.take(want)))).toEqual([[1, 2], [1], [3]]);
  await expect.poll(() => stored('4:ann')).toBe(3);
  expect(await tags.take(wanted(4, 'ann', 1))).toEqual([4]);
  await expect.poll(() => stored('4:ann')).toBe(4);
  await db.fairShare.updateOne({ _id: '4' }, { $set: { tag: 10 } }, { upsert: true });
  // Once what is known is older than 50 ms.
  await expect.poll(async () => (await tags.take(wanted(4, 'bob', 1)))[0]).toBeGreaterThan(10);
});

test('what several processes give to one submitter adds up', async () => {
  const processes = Array.from({ length: 3 }, () => new SubmitterTags(db));
  await Promise.all(processes.map((tags) => tags.take(wanted(2, 'greedy', 10))));
  await expect.poll(() => stored('2:greedy')).toBe(30);
  const next = Array.from({ length: 10 }, (_, index) => 31 + index);
  expect(await new SubmitterTags(db).take(wanted(2, 'greedy', 10))).toEqual(next);
});
