import { isWornOut, nextTags } from '../domain/fair-share.ts';
import type { Database } from './database.ts';
import { translateMongoErrors } from './errors.ts';

/**
 * Takes the next `count` tags of one submitter within a priority class (domain/fair-share), ascending.
 * Outside of the caller's transaction on purpose: a tag that is never used harms nobody, a write conflict would.
 */
export async function takeTags(
  db: Database,
  priorityClass: number,
  submitterId: string,
  count: number,
): Promise<number[]> {
  const claimed = (await db.fairShare.findOne({ _id: String(priorityClass) }))?.tag ?? 0;
  const after = await db.fairShare.findOneAndUpdate(
    { _id: `${priorityClass}:${submitterId}` },
    [{ $set: { tag: { $add: [{ $max: [claimed, { $ifNull: ['$tag', 0] }] }, count] } } }],
    { upsert: true, returnDocument: 'after' },
  );
  return nextTags(0, (after?.tag ?? count) - count, count);
}

export type Base = { priorityClass: number; base: number };

/** The tag that each class is counted from in Redis; moved up to the first run that waits once it is worn out. */
export async function freshBases(db: Database): Promise<Base[]> {
  const documents = await translateMongoErrors(() => db.fairShare.find({ _id: /^(base:)?\d+$/ }).toArray());
  const tagOf = new Map(documents.map(({ _id, tag }) => [_id, tag]));
  const classes = documents.map(({ _id }) => Number(_id)).filter(Number.isInteger);
  return Promise.all(
    classes.map(async (priorityClass) => {
      const claimed = tagOf.get(String(priorityClass)) ?? 0;
      const base = tagOf.get(`base:${priorityClass}`) ?? 0;
      return { priorityClass, base: isWornOut(claimed, base) ? await moveBase(db, priorityClass, claimed) : base };
    }),
  );
}

async function moveBase(db: Database, priorityClass: number, claimed: number): Promise<number> {
  return translateMongoErrors(async () => {
    const first = await db.runs.findOne(
      { state: { $in: ['queued', 'retrying'] }, 'order.class': priorityClass },
      { sort: { 'order.tag': 1 }, projection: { order: 1 } },
    );
    const tag = Math.min(first?.order.tag ?? claimed, claimed);
    await db.fairShare.updateOne({ _id: `base:${priorityClass}` }, { $set: { tag } }, { upsert: true });
    return tag;
  });
}

/** Remembers that a run with `tag` was claimed: who comes later starts behind it. */
export async function noteClaimed(db: Database, priorityClass: number, tag: number): Promise<void> {
  await db.fairShare.updateOne({ _id: String(priorityClass) }, { $max: { tag } }, { upsert: true });
}
