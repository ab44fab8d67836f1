import type { RunCounts } from '@das/contracts/launch';
import { isTerminal, RUN_STATES } from '@das/contracts/states';
import type { RunState } from '@das/contracts/states';
import type { Document } from 'mongodb';
import type { Database } from './database.ts';

/** How runs are counted by state and time of creation, and what was counted is summed up; see run-tally. */

/** Counts of the runs created from `at` on, until the next bucket. */
export type Bucket = { at: Date; counts: RunCounts };

export const MINUTE_MS = 60_000;
export const DAY_MS = 24 * 60 * MINUTE_MS;
/** Of one question. Milliseconds. */
export const QUESTION_MS = 1500;
export const CREATED_INDEX = { createdAt: -1, state: 1 } as const;

export type Counted = { bucket: number; state: RunState; n: number };

export function countLive(db: Database, ranges: readonly { from: Date; to: Date | null }[], bucket: Document | null) {
  if (ranges.length === 0) return Promise.resolve<Counted[]>([]);
  const $or = ranges.map(({ from, to }) => ({ createdAt: to ? { $gte: from, $lt: to } : { $gte: from } }));
  return db.runs
    .aggregate<Counted>([{ $match: { $or } }, ...grouped(bucket)], { hint: CREATED_INDEX, maxTimeMS: QUESTION_MS })
    .toArray();
}

export function grouped(bucket: Document | null): Document[] {
  return [
    { $group: { _id: { bucket: bucket ?? { $literal: 0 }, state: '$state' }, n: { $sum: 1 } } },
    { $project: { _id: 0, bucket: '$_id.bucket', state: '$_id.state', n: 1 } },
  ];
}

export function bucketOf(field: '$at' | '$createdAt', from: Date, bucketMs: number): Document {
  return { $floor: { $divide: [{ $subtract: [field, from] }, bucketMs] } };
}

export function bucketsOf(
  from: Date,
  bucketMs: number,
  parts: readonly { bucket: number; counts: RunCounts }[],
): Bucket[] {
  return [...Map.groupBy(parts, ({ bucket }) => bucket)]
    .toSorted(([a], [b]) => a - b)
    .map(([bucket, group]) => ({
      at: new Date(from.getTime() + bucket * bucketMs),
      counts: merge(group.map(({ counts }) => counts)),
    }));
}

export function summed(): Document[] {
  return [{ $group: { _id: null, ...sums() } }, { $project: { _id: 0 } }];
}

export function sums(): Document {
  return Object.fromEntries(RUN_STATES.filter(isTerminal).map((state) => [state, { $sum: `$counts.${state}` }]));
}

/** Sums by state; states with none are absent. */
export function merge(all: readonly RunCounts[]): RunCounts {
  const total: RunCounts = {};
  for (const counts of all) {
    for (const state of RUN_STATES) if (counts[state]) total[state] = (total[state] ?? 0) + counts[state];
  }
  return total;
}

export function floorMinute(time: Date): Date {
  return new Date(Math.floor(time.getTime() / MINUTE_MS) * MINUTE_MS);
}

export function minuteId(minute: Date): string {
  return minute.toISOString().slice(0, 16);
}

export function dayId(time: Date): string {
  return time.toISOString().slice(0, 10);
}
