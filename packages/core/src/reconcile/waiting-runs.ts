import type { Filter } from 'mongodb';
import type { Database } from '../mongo/database.ts';
import type { RunDocument } from '../mongo/documents.ts';
import { translateMongoErrors } from '../mongo/errors.ts';
import type { Enqueued } from '../queue/run-queue.ts';

const BATCH = 500;

/** What enqueuing needs to know of a run. */
export const NEEDED = { epoch: 1, retries: 1, failures: 1, order: 1, nextAttemptAt: 1 } as const;

/** At most `most` of the runs that match, in batches; the oldest or the newest first (by id). */
export async function* batches(
  db: Database,
  filter: Filter<RunDocument>,
  most: number = Infinity,
  first: 'oldest' | 'newest' = 'oldest',
): AsyncGenerator<Enqueued[]> {
  let beyond: Filter<RunDocument> = {};
  for (let left = most; left > 0; left -= BATCH) {
    const limit = Math.min(BATCH, left);
    const batch = await translateMongoErrors(() =>
      db.runs
        .find({ $and: [filter, beyond] })
        .sort({ _id: first === 'oldest' ? 1 : -1 })
        .limit(limit)
        .project<Enqueued>(NEEDED)
        .toArray(),
    );
    if (batch.length > 0) yield batch;
    const last = batch.at(-1);
    if (!last || batch.length < limit) return;
    beyond = { _id: first === 'oldest' ? { $gt: last._id } : { $lt: last._id } };
  }
}

/** Goes round all that match, in the order of their ids: each stretch begins where the one before has ended. */
export class Rotation {
  readonly #db: Database;
  /** Up to and including this id. */
  #seen = '';

  constructor(db: Database) {
    this.#db = db;
  }

  /** The next `most` of them, none twice. A batch counts as seen when the next one is asked for. */
  async *stretch(filter: Filter<RunDocument>, most: number): AsyncGenerator<Enqueued[]> {
    const start = this.#seen;
    let left = most;
    const ends: Filter<RunDocument>[] = [{ _id: { $gt: start } }, { _id: { $lte: start } }];
    for (const end of start === '' ? [{}] : ends) {
      for await (const batch of batches(this.#db, { $and: [filter, end] }, left)) {
        yield batch;
        this.#seen = batch.at(-1)?._id ?? '';
        left -= batch.length;
      }
      if (left <= 0) return;
      this.#seen = '';
    }
  }
}
