import type { RunCounts } from '@das/contracts/launch';
import type { RunState } from '@das/contracts/states';
import type { Filter } from 'mongodb';
import type { Database } from './database.ts';
import type { RunDocument } from './documents.ts';
import { cutPage } from './keyset.ts';
import type { Keyset, KeysetPage } from './keyset.ts';
import { createdFrom, createdUntil } from './run-condition.ts';
import type { RunFilter } from './run-condition.ts';
import { searchCondition } from './run-search.ts';
import { countBuckets, countMatching, tallyAll, tallyBuckets } from './run-tally.ts';
import { MINUTE_MS } from './run-tally-counting.ts';
import type { Bucket } from './run-tally-counting.ts';

/** A run without its history, and of its attempts only the last: what lists and sockets need. */
export const SUMMARY_PROJECTION = { events: 0, attempts: { $slice: -1 } } as const;

/** What a histogram covers; `bucketMs` in milliseconds. */
export type Buckets = { from: Date; to: Date; bucketMs: number };

/** Nothing but states is asked for. */
function isUnfiltered({ state: _, ...others }: RunFilter): boolean {
  return Object.values(others).every((value) => value === undefined);
}

function onlyStates(counts: RunCounts, states: readonly RunState[] | undefined): RunCounts {
  if (!states) return counts;
  return Object.fromEntries(states.flatMap((state) => (counts[state] ? [[state, counts[state]]] : [])));
}

/** Reading many runs. */
export class RunQuery {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Newest first. */
  async list(filter: RunFilter, { limit, after }: Keyset): Promise<KeysetPage<RunDocument>> {
    const condition = await searchCondition(this.#db, filter);
    const read = await this.#db.runs
      .find(after === undefined ? condition : { $and: [condition, { _id: { $lt: after } }] })
      .project<RunDocument>(SUMMARY_PROJECTION)
      .sort({ _id: -1 })
      .limit(limit + 1)
      .toArray();
    return cutPage(read, limit);
  }

  summaries(ids: readonly string[]): Promise<RunDocument[]> {
    return this.#db.runs
      .find({ _id: { $in: [...ids] } })
      .project<RunDocument>(SUMMARY_PROJECTION)
      .toArray();
  }

  /** With all attempts. */
  complete(ids: readonly string[]): Promise<RunDocument[]> {
    return this.#db.runs
      .find({ _id: { $in: [...ids] } })
      .project<RunDocument>({ events: 0 })
      .toArray();
  }

  /** Ids and states of those that match, newest first; at most `limit`. */
  async matching(filter: RunFilter, limit: number): Promise<Pick<RunDocument, '_id' | 'state'>[]> {
    return this.#db.runs
      .find(await searchCondition(this.#db, filter))
      .project<Pick<RunDocument, '_id' | 'state'>>({ state: 1 })
      .sort({ _id: -1 })
      .limit(limit)
      .toArray();
  }

  /** The states of those of `ids` that there are. */
  async states(ids: readonly string[]): Promise<Map<string, RunState>> {
    const found = await this.#db.runs
      .find({ _id: { $in: [...ids] } })
      .project<Pick<RunDocument, '_id' | 'state'>>({ state: 1 })
      .toArray();
    return new Map(found.map(({ _id, state }) => [_id, state]));
  }

  /** With all attempts, in the order of `ids`; those that are gone are left out. */
  async completeInOrder(ids: readonly string[]): Promise<RunDocument[]> {
    const byId = new Map((await this.complete(ids)).map((run) => [run._id, run]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }

  /** How many queued runs go before this one. */
  position({ order }: RunDocument): Promise<number> {
    const before: Filter<RunDocument> = {
      state: 'queued',
      $or: [{ 'order.class': { $lt: order.class } }, { 'order.class': order.class, 'order.tag': { $lt: order.tag } }],
    };
    return this.#db.runs.countDocuments(before);
  }

  /** Runs by state. Of all runs, or all of some states, it is quick however many there are (run-tally). */
  async counts(filter: RunFilter = {}): Promise<RunCounts> {
    if (!isUnfiltered(filter)) return countMatching(this.#db, await searchCondition(this.#db, filter));
    return onlyStates(await tallyAll(this.#db), filter.state);
  }

  /** By state and time of creation: buckets of `bucketMs` from `from` on, until `to`; those without runs are absent. */
  async histogram(filter: RunFilter, { from, to, bucketMs }: Buckets): Promise<Bucket[]> {
    const minutes = [from.getTime(), to.getTime(), bucketMs].every((time) => time % MINUTE_MS === 0);
    if (!minutes || !isUnfiltered(filter)) {
      const within = { $and: [await searchCondition(this.#db, filter), ...createdFrom(from), ...createdUntil(to)] };
      return countBuckets(this.#db, within, from, bucketMs);
    }
    const buckets = await tallyBuckets(this.#db, from, to, bucketMs);
    return buckets.map(({ at, counts }) => ({ at, counts: onlyStates(counts, filter.state) }));
  }
}
