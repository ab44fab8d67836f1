import type { AskedFilters } from './filters.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Widths that people read easily; whole minutes are what the server counts quickest. */
const WIDTHS = [MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 7 * DAY, 30 * DAY]; // prettier-ignore
/** A bar is wide enough to be hit with a finger. */
const MOST = 48;

type Buckets = { from: number; to: number; bucketMs: number };

/**
 * The stretch of time that a chart of these filters covers, in ms: theirs, else the last 24 hours; in at most 48 buckets that
 * begin at round local times (`offset`: what local time is ahead of UTC at `now`, in ms).
 */
export function bucketsOf(filters: AskedFilters, now: number, offset: number): Buckets {
  const end = filters.createdBefore ? Math.min(Date.parse(filters.createdBefore), now) : now;
  const begin = filters.createdAfter ? Date.parse(filters.createdAfter) : end - DAY;
  const span = Math.max(end - begin, MINUTE);
  const bucketMs = WIDTHS.find((width) => span / width <= MOST - 1) ?? Math.ceil(span / (MOST - 1) / DAY) * DAY;
  const from = Math.floor((begin + offset) / bucketMs) * bucketMs - offset;
  return { from, to: from + Math.max(1, Math.ceil((end - from) / bucketMs)) * bucketMs, bucketMs };
}

/** The same at `now` in the time zone of this machine, as GET /runs/histogram takes it. */
export function askedBuckets(filters: AskedFilters, now: number): { from: string; to: string; bucketMs: number } {
  const offset = -new Date(now).getTimezoneOffset() * 60_000;
  const { from, to, bucketMs } = bucketsOf(filters, now, offset);
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString(), bucketMs };
}
