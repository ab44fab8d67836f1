import type { RunCounts } from '@das/contracts/launch';
import { isTerminal, RUN_STATES } from '@das/contracts/states';
import type { RunState } from '@das/contracts/states';
import type { Document, Filter } from 'mongodb';
import type { Database } from './database.ts';
import type { RunDocument, TallyDocument } from './documents.ts';

/**
 * How many runs there are in each state, without counting a million of them. A minute (of `createdAt`) is closed once none of its runs
 * is active: terminal is for ever, so its counts never change again and are kept (`run_tallies`). Everything else is counted
 * when somebody asks, in the index `{createdAt, state}`. All of it can be derived again: an empty collection is right, only slow.
 *
 * Minutes before the frontier have a tally if they have runs; `counts: null` = open. The frontier stays two minutes behind: nothing is
 * stored so much later than the `createdAt` it carries. Days whose minutes are all closed are summed up again (`day_tallies`), so that a
 * total is a few documents. One process closes minutes and days (the reconciler's lock), any number reads.
 */

/** Counts of the runs created from `at` on, until the next bucket. */
export type Bucket = { at: Date; counts: RunCounts };

const FRONTIER = 'frontier'; // sorts behind all minutes
export const MINUTE_MS = 60_000;
const MARGIN_MS = 2 * MINUTE_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** More open minutes than this are counted as one stretch. */
const OPEN_RANGES = 50;
/** Of one round of closing, and of one question. Milliseconds. */
const ROUND_MS = 500;
const QUESTION_MS = 1500;
const CREATED_INDEX = { createdAt: -1, state: 1 } as const;

/** What is tallied (null: nothing yet), and where runs have to be counted (half-open stretches of `createdAt`). */
type Split = { closed: Filter<TallyDocument> | null; live: { from: Date; to: Date | null }[] };

/** All runs by state. */
export async function tallyAll(db: Database): Promise<RunCounts> {
  const known = await closedDays(db);
  const { closed, live } = await split(db);
  // Days behind the frontier only: it begins anew where somebody threw the minutes away.
  const days = known.until <= minuteId(live.at(-1)?.from ?? new Date(0)) ? known : { counts: [], until: '' };
  const [tallied, counted] = await Promise.all([closed ? tallySince(db, days, closed) : [], countLive(db, live, null)]);
  return merge([...tallied, ...counted.map(({ state, n }) => ({ [state]: n }))]);
}

async function tallySince(db: Database, days: ClosedDays, closed: Filter<TallyDocument>): Promise<RunCounts[]> {
  const since = { $and: [closed, { _id: { $gte: days.until } }] };
  return [...days.counts, ...(await db.tallies.aggregate<RunCounts>([{ $match: since }, ...summed()]).toArray())];
}

/** Runs created from `from` until `to` (exclusive), whole minutes both, in buckets of whole minutes; buckets without runs are absent. */
export async function tallyBuckets(db: Database, from: Date, to: Date, bucketMs: number): Promise<Bucket[]> {
  const { closed, live } = await split(db);
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

/** Closes what can be closed: open minutes whose last run has ended, and those between the frontier and two minutes ago. */
export async function closeMinutes(db: Database): Promise<void> {
  const until = performance.now() + ROUND_MS;
  const open = await db.tallies.find({ counts: null }).sort({ at: 1 }).limit(500).toArray();
  for (const { at } of open) {
    if (performance.now() > until) break;
    await tally(db, at, new Date(at.getTime() + MINUTE_MS));
  }
  const end = floorMinute(new Date(db.clock.now().getTime() - MARGIN_MS));
  for (let from = await firstMinute(db, end); from < end && performance.now() < until;) {
    const to = new Date(Math.min(from.getTime() + DAY_MS, end.getTime()));
    await tally(db, from, to);
    await db.tallies.updateOne({ _id: FRONTIER }, { $max: { at: to }, $setOnInsert: { counts: {} } }, { upsert: true });
    from = to;
  }
  await closeDays(db);
}

/** Sums up the days before the frontier that have no open minute. */
async function closeDays(db: Database): Promise<void> {
  const first = await db.tallies.findOne({}, { sort: { _id: 1 } });
  const frontier = await db.tallies.findOne({ _id: FRONTIER });
  if (!first || !frontier) return;
  const newest = await db.dayTallies.findOne({}, { sort: { _id: -1 } });
  const missing: TallyDocument[] = [];
  const next = newest ? newest.at.getTime() + DAY_MS : Math.floor(first.at.getTime() / DAY_MS) * DAY_MS;
  for (let day = next; day + DAY_MS <= frontier.at.getTime(); day += DAY_MS)
    missing.push({ _id: dayId(new Date(day)), at: new Date(day), counts: null });
  if (missing.length > 0) await db.dayTallies.insertMany(missing);
  for (const { _id, at } of await db.dayTallies.find({ counts: null }).limit(100).toArray()) {
    const minutes = { _id: { $gte: _id, $lt: dayId(new Date(at.getTime() + DAY_MS)) } };
    if (await db.tallies.findOne({ ...minutes, counts: null })) continue;
    const [counts] = await db.tallies.aggregate<RunCounts>([{ $match: minutes }, ...summed()]).toArray();
    await db.dayTallies.updateOne({ _id }, { $set: { counts: merge(counts ? [counts] : []) } });
  }
}

type ClosedDays = { counts: RunCounts[]; until: string };

/** The days that are summed up, from the first one without a hole; minutes count from `until` on (as an id). */
async function closedDays(db: Database): Promise<ClosedDays> {
  const days = await db.dayTallies.find().sort({ _id: 1 }).toArray();
  const open = days.findIndex(({ counts }) => counts === null);
  const closed = open < 0 ? days : days.slice(0, open);
  const last = closed.at(-1);
  const until = last ? dayId(new Date(last.at.getTime() + DAY_MS)) : '';
  return { counts: closed.flatMap(({ counts }) => counts ?? []), until };
}

/** Before runs are removed: the minutes they were created in are counted again (`closeMinutes`). */
export async function reopenMinutes(db: Database, createdAt: readonly Date[]): Promise<void> {
  const minutes = [...new Set(createdAt.map((at) => minuteId(floorMinute(at))))];
  await db.tallies.updateMany({ _id: { $in: minutes } }, { $set: { counts: null } });
  const days = [...new Set(createdAt.map(dayId))];
  await db.dayTallies.updateMany({ _id: { $in: days } }, { $set: { counts: null } });
}

/** Tallies every minute that begins in `from`..`to`. */
async function tally(db: Database, from: Date, to: Date): Promise<void> {
  const counted = await countLive(db, [{ from, to }], bucketOf('$createdAt', from, MINUTE_MS));
  const minutes = bucketsOf(from, MINUTE_MS, counted.map(({ bucket, state, n }) => ({ bucket, counts: { [state]: n } }))); // prettier-ignore
  const found = new Set(minutes.map(({ at }) => minuteId(at)));
  await db.tallies.deleteMany({ _id: { $gte: minuteId(from), $lt: minuteId(to), $nin: [...found] }, counts: null });
  if (minutes.length === 0) return;
  await db.tallies.bulkWrite(
    minutes.map(({ at, counts }) => ({
      replaceOne: {
        filter: { _id: minuteId(at) },
        replacement: { at, counts: isClosed(counts) ? counts : null },
        upsert: true,
      },
    })),
    { ordered: false },
  );
}

function isClosed(counts: RunCounts): boolean {
  return (Object.keys(counts) as RunState[]).every(isTerminal);
}

async function firstMinute(db: Database, end: Date): Promise<Date> {
  const frontier = await db.tallies.findOne({ _id: FRONTIER });
  if (frontier) return frontier.at;
  const oldest = await db.runs.findOne(
    { createdAt: { $gt: new Date(0) } },
    { sort: { createdAt: 1 }, projection: { createdAt: 1 } },
  );
  return oldest && oldest.createdAt < end ? floorMinute(oldest.createdAt) : new Date(end.getTime() - MINUTE_MS);
}

/** Read once, so that a minute which is closed meanwhile is neither missed nor counted twice. */
async function split(db: Database): Promise<Split> {
  const [frontier, open] = await Promise.all([
    db.tallies.findOne({ _id: FRONTIER }),
    db.tallies.find({ counts: null }).sort({ at: 1 }).limit(OPEN_RANGES + 1).toArray(),
  ]); // prettier-ignore
  if (!frontier) return { closed: null, live: [{ from: new Date(0), to: null }] };
  const [first] = open;
  const tooMany = first !== undefined && open.length > OPEN_RANGES;
  const until = tooMany ? first.at : frontier.at;
  const apart = tooMany ? [] : open.filter(({ at }) => at < until);
  return {
    closed: { _id: { $lt: minuteId(until), $nin: apart.map(({ _id }) => _id) } },
    live: [...apart.map(({ at }) => ({ from: at, to: new Date(at.getTime() + MINUTE_MS) })), { from: until, to: null }],
  };
}

type Counted = { bucket: number; state: RunState; n: number };

function countLive(db: Database, ranges: readonly { from: Date; to: Date | null }[], bucket: Document | null) {
  if (ranges.length === 0) return Promise.resolve<Counted[]>([]);
  const $or = ranges.map(({ from, to }) => ({ createdAt: to ? { $gte: from, $lt: to } : { $gte: from } }));
  return db.runs
    .aggregate<Counted>([{ $match: { $or } }, ...grouped(bucket)], { hint: CREATED_INDEX, maxTimeMS: QUESTION_MS })
    .toArray();
}

function grouped(bucket: Document | null): Document[] {
  return [
    { $group: { _id: { bucket: bucket ?? { $literal: 0 }, state: '$state' }, n: { $sum: 1 } } },
    { $project: { _id: 0, bucket: '$_id.bucket', state: '$_id.state', n: 1 } },
  ];
}

function bucketOf(field: '$at' | '$createdAt', from: Date, bucketMs: number): Document {
  return { $floor: { $divide: [{ $subtract: [field, from] }, bucketMs] } };
}

function bucketsOf(from: Date, bucketMs: number, parts: readonly { bucket: number; counts: RunCounts }[]): Bucket[] {
  return [...Map.groupBy(parts, ({ bucket }) => bucket)]
    .toSorted(([a], [b]) => a - b)
    .map(([bucket, group]) => ({
      at: new Date(from.getTime() + bucket * bucketMs),
      counts: merge(group.map(({ counts }) => counts)),
    }));
}

function summed(): Document[] {
  return [{ $group: { _id: null, ...sums() } }, { $project: { _id: 0 } }];
}

function sums(): Document {
  return Object.fromEntries(RUN_STATES.filter(isTerminal).map((state) => [state, { $sum: `$counts.${state}` }]));
}

/** Sums by state; states with none are absent. */
function merge(all: readonly RunCounts[]): RunCounts {
  const total: RunCounts = {};
  for (const counts of all) {
    for (const state of RUN_STATES) if (counts[state]) total[state] = (total[state] ?? 0) + counts[state];
  }
  return total;
}

function floorMinute(time: Date): Date {
  return new Date(Math.floor(time.getTime() / MINUTE_MS) * MINUTE_MS);
}

function minuteId(minute: Date): string {
  return minute.toISOString().slice(0, 16);
}

function dayId(time: Date): string {
  return time.toISOString().slice(0, 10);
}

function later(a: Date, b: Date): Date {
  return a > b ? a : b;
}
