import { Coalescer } from '../domain/coalescer.ts';
import { nextTags } from '../domain/fair-share.ts';
import type { Database } from './database.ts';
import { translateMongoErrors } from './errors.ts';

/** So many tags that one submitter takes within a priority class. */
export type TagsWanted = { priorityClass: number; submitterId: string; count: number };

/** What was read is good for so long. Milliseconds. */
const FRESH_MS = 50;
/** What was taken here counts for so long, should MongoDB not have it yet. Milliseconds. */
const KEPT_MS = 10_000;

type Known = { tag: number; readAt: number };
type Taken = { id: string; after: number; count: number };

/**
 * Takes the next tags of submitters (domain/fair-share): what the highest are is read at most once in 50 ms, however many submit, and nobody
 * waits until they are raised. A tag need be neither unique nor up to the millisecond: what a crash or a failover forgets, or two processes
 * take at once, only shares a place in the queue; and claims tell themselves 50 ms late anyway (ClaimedTags).
 */
export class SubmitterTags {
  readonly #db: Database;
  /** By class, and by class and submitter; `readAt` is monotonic. */
  readonly #known = new Map<string, Known>();
  readonly #takes: Coalescer<TagsWanted, number[]>;
  readonly #raises: Coalescer<Taken, null>;

  constructor(db: Database) {
    this.#db = db;
    this.#takes = new Coalescer((wanted) => this.#takeEach(wanted));
    this.#raises = Coalescer.whole((taken) => raise(db, taken));
  }

  /** Ascending. */
  take(wanted: TagsWanted): Promise<number[]> {
    return this.#takes.add(wanted);
  }

  async #takeEach(wanted: readonly TagsWanted[]): Promise<number[][]> {
    await this.#read(new Set(wanted.flatMap((want) => [classOf(want), keyOf(want)])));
    return wanted.map((want) => {
      const own = this.#known.get(keyOf(want)) as Known;
      const after = this.#known.get(classOf(want))?.tag ?? 0;
      const tags = nextTags(after, own.tag, want.count);
      own.tag = tags.at(-1) ?? own.tag;
      // Where it fails somebody else may get the same places.
      this.#raises.add({ id: keyOf(want), after, count: want.count }).catch(() => undefined);
      return tags;
    });
  }

  /** As this node has them: they are written without waiting for a majority. */
  async #read(ids: ReadonlySet<string>): Promise<void> {
    const readAt = performance.now();
    for (const [id, known] of this.#known) if (readAt - known.readAt > KEPT_MS) this.#known.delete(id);
    const stale = [...ids].filter((id) => readAt - (this.#known.get(id)?.readAt ?? -Infinity) > FRESH_MS);
    if (stale.length === 0) return;
    const found = await translateMongoErrors(() =>
      this.#db.fairShare.find({ _id: { $in: stale } }, { readConcern: { level: 'local' } }).toArray(),
    );
    const tagOf = new Map(found.map(({ _id, tag }) => [_id, tag]));
    for (const id of stale) {
      const tag = Math.max(tagOf.get(id) ?? 0, this.#known.get(id)?.tag ?? 0);
      this.#known.set(id, { tag, readAt });
    }
  }
}

/** By as many as are taken, so that what several processes give to one submitter adds up. */
async function raise(db: Database, taken: readonly Taken[]): Promise<void> {
  const operations = [...Map.groupBy(taken, ({ id }) => id)].map(([_id, those]) => {
    const after = Math.max(...those.map((one) => one.after));
    const count = those.reduce((sum, one) => sum + one.count, 0);
    const raised = { $add: [{ $max: [after, { $ifNull: ['$tag', 0] }] }, count] };
    return { updateOne: { filter: { _id }, update: [{ $set: { tag: raised } }], upsert: true } };
  });
  await db.fairShare.bulkWrite(operations, { ordered: false, writeConcern: { w: 1 } });
}

function keyOf({ priorityClass, submitterId }: TagsWanted): string {
  return `${priorityClass}:${submitterId}`;
}

function classOf({ priorityClass }: TagsWanted): string {
  return String(priorityClass);
}
