import { randomFillSync } from 'node:crypto';
import { encodeTime, monotonicFactory, ulid } from 'ulid';

/** Opaque, sortable by creation within one process, and near enough between processes. */
export const newId: () => string = (
  (next) => () =>
    next()
)(monotonicFactory(randomFraction));

/** Drawn from the kernel in pages: an id takes 16 of them, and a trip for each costs more than the rest of a request's id. */
const page = new Uint32Array(1024);
let used = page.length;

/** From 0 to 1, exclusive. */
function randomFraction(): number {
  if (used === page.length) {
    randomFillSync(page);
    used = 0;
  }
  return (page[used++] as number) / 2 ** 32;
}

/** Behind the newest time by more than this, time was set back: ids follow it, though they do not sort then. Milliseconds. */
const SET_BACK_MS = 60_000;
let runIds = monotonicFactory(randomFraction);
let newest = 0;

/**
 * The id of a run that is created at `time` (Unix milliseconds; MongoDB's, as in the run itself), so that no machine's own clock has a
 * part in where a run stands; those of one millisecond sort as they were made.
 */
export function newRunId(time: number): string {
  if (time < newest - SET_BACK_MS) {
    runIds = monotonicFactory(randomFraction);
    newest = 0;
  }
  newest = Math.max(newest, time);
  return runIds(time);
}

/** The id of something that was made at `time` (Unix milliseconds): for records of the past. */
export function newIdAt(time: number): string {
  return ulid(time, randomFraction);
}

/** What ids of what was made before `time` (Unix milliseconds) sort before; of runs, but for a time set back by up to a minute (`newRunId`). */
export function idAt(time: number): string {
  return encodeTime(Math.min(Math.max(Math.trunc(time), 0), 281_474_976_710_655), 10);
}
