import { nextTags } from '../domain/fair-share.ts';
import type { Database } from './database.ts';

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

/** Remembers that a run with `tag` was claimed: who comes later starts behind it. */
export async function noteClaimed(db: Database, priorityClass: number, tag: number): Promise<void> {
  await db.fairShare.updateOne({ _id: String(priorityClass) }, { $max: { tag } }, { upsert: true });
}
