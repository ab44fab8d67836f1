import type { RunCounts } from '@das/contracts/launch';
import { ACTIVE_RUN_STATES, isTerminal } from '@das/contracts/states';
import type { RunState } from '@das/contracts/states';
import type { Database } from './database.ts';
import type { TallyDocument } from './documents.ts';
import {
  bucketOf,
  bucketsOf,
  countLive,
  CREATED_INDEX,
  DAY_MS,
  dayId,
  floorMinute,
  merge,
  minuteId,
  MINUTE_MS,
  QUESTION_MS,
  summed,
} from './run-tally-counting.ts';

/** The writing side of run-tally: one process at a time (the reconciler's lock). */

export const FRONTIER = 'frontier'; // sorts behind all minutes
const MARGIN_MS = 2 * MINUTE_MS;
/** Of one round, for the frontier and once more for open minutes. Milliseconds. */
const ROUND_MS = 500;
/** Open minutes read in one go. */
const OPEN_READ = 500;

/** The open minute that was looked at last: keep it from one round to the next, so that all have their turn. */
export type Turn = { last: Date };

export function firstTurn(): Turn {
  return { last: new Date(0) };
}

/**
 * Closes what can be closed: minutes between the frontier and two minutes ago, then open ones whose last run has ended, then days. Each
 * of the two gets on by a step at least, and begins none after `roundMs`.
 */
export async function closeMinutes(db: Database, turn: Turn = firstTurn(), roundMs: number = ROUND_MS): Promise<void> {
  await advance(db, roundMs);
  await closeOpen(db, turn, roundMs);
  await closeDays(db);
}

async function advance(db: Database, roundMs: number): Promise<void> {
  const until = performance.now() + roundMs;
  const end = floorMinute(new Date(db.clock.now().getTime() - MARGIN_MS));
  for (let from = await firstMinute(db, end); from < end;) {
    const to = new Date(Math.min(from.getTime() + DAY_MS, end.getTime()));
    await tally(db, from, to);
    await db.tallies.updateOne({ _id: FRONTIER }, { $max: { at: to }, $setOnInsert: { counts: {} } }, { upsert: true });
    from = to;
    if (performance.now() >= until) return;
  }
}

async function closeOpen(db: Database, turn: Turn, roundMs: number): Promise<void> {
  const until = performance.now() + roundMs;
  for (const at of await openFrom(db, turn.last)) {
    if (!(await hasActive(db, at))) await tally(db, at, minuteAfter(at));
    turn.last = at;
    if (performance.now() >= until) return;
  }
}

/** Open minutes: those after `last`, then from the oldest on. */
async function openFrom(db: Database, last: Date): Promise<Date[]> {
  const read = async (at: { $gt: Date } | { $lte: Date }, most: number) =>
    most > 0 ? db.tallies.find({ counts: null, at }).sort({ at: 1 }).limit(most).toArray() : [];
  const after = await read({ $gt: last }, OPEN_READ);
  return [...after, ...(await read({ $lte: last }, OPEN_READ - after.length))].map(({ at }) => at);
}

/** Whether a minute has to stay open; most often the first of its runs says so. */
async function hasActive(db: Database, minute: Date): Promise<boolean> {
  const active = await db.runs.findOne(
    { createdAt: { $gte: minute, $lt: minuteAfter(minute) }, state: { $in: [...ACTIVE_RUN_STATES] } },
    { projection: { _id: 0, state: 1 }, hint: CREATED_INDEX, maxTimeMS: QUESTION_MS },
  );
  return active !== null;
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
  const open = await db.tallies.find({ counts: null }).project<{ at: Date }>({ at: 1 }).toArray();
  const closable = { counts: null, _id: { $nin: [...new Set(open.map((minute) => dayId(minute.at)))] } };
  for (const { _id, at } of await db.dayTallies.find(closable).limit(100).toArray()) {
    const minutes = { _id: { $gte: _id, $lt: dayId(new Date(at.getTime() + DAY_MS)) } };
    const [counts] = await db.tallies.aggregate<RunCounts>([{ $match: minutes }, ...summed()]).toArray();
    await db.dayTallies.updateOne({ _id }, { $set: { counts: merge(counts ? [counts] : []) } });
  }
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

function minuteAfter(minute: Date): Date {
  return new Date(minute.getTime() + MINUTE_MS);
}
