import { nextTags } from '../domain/fair-share.ts';
import type { Database } from './database.ts';
import { translateMongoErrors } from './errors.ts';

/** So many tags that one submitter takes within a priority class. */
export type TagsWanted = { priorityClass: number; submitterId: string; count: number };

/** What was read is good for so long, and so is what was taken since. Milliseconds. */
const KNOWN_MS = 50;

/**
 * Takes the next tags of submitters (domain/fair-share): what the highest are is read at most once in 50 ms, however many submit, and nobody
 * waits until they are raised. A tag need be neither unique nor up to the millisecond: what a crash or a failover forgets, or two processes
 * take at once, only shares a place in the queue; and claims tell themselves 50 ms late anyway (ClaimedTags).
 */
export class SubmitterTags {
  readonly #db: Database;
  /** By class, and by class and submitter; `readAt` is monotonic. */
  readonly #known = new Map<string, { tag: number; readAt: number }>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Ascending tags for each of `wanted`, in their order. One call at a time. */
  async take(wanted: readonly TagsWanted[]): Promise<number[][]> {
    await this.#read([...new Set(wanted.flatMap((want) => [classOf(want), keyOf(want)]))]);
    this.#raise(wanted);
    return wanted.map((want) => {
      const own = this.#known.get(keyOf(want)) as { tag: number };
      const tags = nextTags(this.#tagOf(classOf(want)), own.tag, want.count);
      own.tag = tags.at(-1) ?? own.tag;
      return tags;
    });
  }

  #tagOf(id: string): number {
    return this.#known.get(id)?.tag ?? 0;
  }

  /** As this node has them: they are written without waiting for a majority. */
  async #read(ids: readonly string[]): Promise<void> {
    const readAt = performance.now();
    for (const [id, known] of this.#known) if (readAt - known.readAt > KNOWN_MS) this.#known.delete(id);
    const unknown = ids.filter((id) => !this.#known.has(id));
    if (unknown.length === 0) return;
    const found = await translateMongoErrors(() =>
      this.#db.fairShare.find({ _id: { $in: unknown } }, { readConcern: { level: 'local' } }).toArray(),
    );
    for (const id of unknown) this.#known.set(id, { tag: 0, readAt });
    for (const { _id, tag } of found) this.#known.set(_id, { tag, readAt });
  }

  /** By as many as are taken, so that what several processes give to one submitter adds up. What fails is read again: somebody shares a place. */
  #raise(wanted: readonly TagsWanted[]): void {
    const operations = [...Map.groupBy(wanted, keyOf)].map(([_id, wants]) => {
      const after = this.#tagOf(classOf(wants[0] as TagsWanted));
      const count = wants.reduce((sum, want) => sum + want.count, 0);
      const raised = { $add: [{ $max: [after, { $ifNull: ['$tag', 0] }] }, count] };
      return { updateOne: { filter: { _id }, update: [{ $set: { tag: raised } }], upsert: true } };
    });
    this.#db.fairShare
      .bulkWrite(operations, { ordered: false, writeConcern: { w: 1 } })
      .catch(() => operations.forEach(({ updateOne }) => this.#known.delete(updateOne.filter._id)));
  }
}

function keyOf({ priorityClass, submitterId }: TagsWanted): string {
  return `${priorityClass}:${submitterId}`;
}

function classOf({ priorityClass }: TagsWanted): string {
  return String(priorityClass);
}
