import type { RunCounts } from '@das/contracts/launch';
import type { Filter } from 'mongodb';
import type { Database } from './database.ts';
import type { RunDocument, TallyDocument } from './documents.ts';
import { FRONTIER } from './run-tally-closing.ts';
import {
  bucketOf,
  bucketsOf,
  countLive,
  DAY_MS,
  dayId,
  grouped,
  merge,
  minuteId,
  MINUTE_MS,
  QUESTION_MS,
  summed,
  sums,
} from './run-tally-counting.ts';
import type { Bucket, Counted } from './run-tally-counting.ts';

/**
 * How many runs there are in each state, without counting a million of them. A minute (of `createdAt`) is closed once none of its runs
 * is active: terminal is for ever, so its counts never change again and are kept (`run_tallies`). Everything else is counted
 * when somebody asks, in the index `{createdAt, state}`. All of it can be derived again: an empty collection is right, only slow.
 *
 * Minutes before the frontier have a tally if they have runs; `counts: null` = open. The frontier stays two minutes behind: nothing is
 * stored so much later than the `createdAt` it carries. Days whose minutes are all closed are summed up again (`day_tallies`), so that a
 * total is a few documents. One process closes minutes and days (the reconciler's lock; run-tally-closing), any number reads.
 */

/** So many stretches are counted at most: the oldest open minutes each apart, the last one begins with the next. */
const LIVE_STRETCHES = 50;

/** What is tallied (null: nothing yet), and where runs have to be counted (half-open stretches of `createdAt`); all before `until`, or live. */
type Split = { closed: Filter<TallyDocument> | null; live: { from: Date; to: Date | null }[]; until: Date };

/** All runs by state. */
export async function tallyAll(db: Database): Promise<RunCounts> {
  const summedUp = await db.dayTallies
    .find({ counts: { $ne: null } })
    .sort({ _id: 1 })
    .toArray();
  const { closed, live, until } = await split(db);
  // What is live is counted whole, whatever a day says: the frontier begins anew where somebody threw the minutes away.
  const days = summedUp.filter(({ at }) => at.getTime() + DAY_MS <= until.getTime());
  const [tallied, counted] = await Promise.all([
    closed ? tallyBeside(db, days, closed) : [],
    countLive(db, live, null),
  ]);
  return merge([...tallied, ...counted.map(({ state, n }) => ({ [state]: n }))]);
}

/** `days`, and the closed minutes of all others. */
async function tallyBeside(db: Database, days: TallyDocument[], closed: Filter<TallyDocument>): Promise<RunCounts[]> {
  const beside = { $and: [closed, { $or: stretchesBeside(days) }] };
  const minutes = await db.tallies.aggregate<RunCounts>([{ $match: beside }, ...summed()]).toArray();
  return [...days.flatMap(({ counts }) => counts ?? []), ...minutes];
}

/** Before the first of `days`, between them, and after the last. */
function stretchesBeside(days: readonly TallyDocument[]): Filter<TallyDocument>[] {
  const stretches: Filter<TallyDocument>[] = [];
  let from = '';
  for (const { _id, at } of days) {
    if (from !== _id) stretches.push({ _id: { $gte: from, $lt: _id } });
    from = dayId(new Date(at.getTime() + DAY_MS));
  }
  return [...stretches, { _id: { $gte: from } }];
}

/** Runs created from `from` until `to` (exclusive), whole minutes both, in buckets of whole minutes; buckets without runs are absent. */
export async function tallyBuckets(db: Database, from: Date, to: Date, bucketMs: number): Promise<Bucket[]> {
  const { closed, live } = await split(db, from);
  const within = live.flatMap((range) => {
    const cut = { from: later(range.from, from), to: range.to && range.to < to ? range.to : to };
    return cut.from < cut.to ? [cut] : [];
  });
  const tallied = db.tallies.aggregate<RunCounts & { _id: number }>([
    { $match: { $and: [closed ?? { _id: { $in: [] } }, { _id: { $gte: minuteId(from), $lt: minuteId(to) } }] } },
    { $group: { _id: bucketOf('$at', from, bucketMs), ...sums() } },
  ]);
  const [sumsOf, counted] = await Promise.all([
    tallied.toArray(),
    countLive(db, within, bucketOf('$createdAt', from, bucketMs)),
  ]);
  return bucketsOf(from, bucketMs, [
    ...sumsOf.map(({ _id: bucket, ...counts }) => ({ bucket, counts })),
    ...counted.map(({ bucket, state, n }) => ({ bucket, counts: { [state]: n } })),
  ]);
}

/** The same of runs that match, counted one by one through the indexes; for at most 1.5 s. Throws what MongoDB says after that. */
export async function countBuckets(
  db: Database,
  matching: Filter<RunDocument>,
  from: Date,
  bucketMs: number,
): Promise<Bucket[]> {
  const counted = await db.runs
    .aggregate<Counted>([{ $match: matching }, ...grouped(bucketOf('$createdAt', from, bucketMs))], {
      maxTimeMS: QUESTION_MS,
    })
    .toArray();
  return bucketsOf(from, bucketMs, counted.map(({ bucket, state, n }) => ({ bucket, counts: { [state]: n } }))); // prettier-ignore
}

/** Matching runs by state, counted one by one through the indexes; for at most 1.5 s. Throws what MongoDB says after that. */
export async function countMatching(db: Database, matching: Filter<RunDocument>): Promise<RunCounts> {
  const counted = await db.runs
    .aggregate<Counted>([{ $match: matching }, ...grouped(null)], { maxTimeMS: QUESTION_MS })
    .toArray();
  return merge(counted.map(({ state, n }) => ({ [state]: n })));
}

/** Of what was created since `since` (a whole minute). Read once, so that a minute which is closed meanwhile is neither missed nor counted twice. */
async function split(db: Database, since = new Date(0)): Promise<Split> {
  const [frontier, open] = await Promise.all([
    db.tallies.findOne({ _id: FRONTIER }),
    db.tallies.find({ counts: null, at: { $gte: since } }).sort({ at: 1 }).limit(LIVE_STRETCHES).toArray(),
  ]); // prettier-ignore
  if (!frontier) return { closed: null, live: [{ from: new Date(0), to: null }], until: new Date(0) };
  const next = open[LIVE_STRETCHES - 1];
  const until = next && next.at < frontier.at ? next.at : frontier.at;
  const apart = open.filter(({ at }) => at < until);
  return {
    closed: { _id: { $lt: minuteId(until), $nin: apart.map(({ _id }) => _id) } },
    live: [...apart.map(({ at }) => ({ from: at, to: new Date(at.getTime() + MINUTE_MS) })), { from: until, to: null }],
    until,
  };
}

function later(a: Date, b: Date): Date {
  return a > b ? a : b;
}
