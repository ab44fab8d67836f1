import type { RunSummary } from '@das/contracts/run';

type Timed = Pick<RunSummary, 'startedAt' | 'finishedAt' | 'durationMs'>;

/** Read only for what still runs: who shows only what has ended is not woken by it. */
type Clock = { readonly now: number };

/** How long a run took, or has taken so far; null of one that never began. In ms. */
export function runTime({ startedAt, finishedAt, durationMs }: Timed, clock: Clock): number | null {
  if (durationMs !== null) return durationMs;
  if (startedAt === null) return null;
  return Math.max(0, (finishedAt === null ? clock.now : Date.parse(finishedAt)) - Date.parse(startedAt));
}

/** Of all `runs` together, and of the one that takes longest; what still runs counts as far as it is. */
export function timeOfAll<Run extends Timed>(runs: readonly Run[], clock: Clock) {
  let workMs = 0;
  let slowest: { run: Run; ms: number } | null = null;
  for (const run of runs) {
    const ms = runTime(run, clock);
    if (ms === null) continue;
    workMs += ms;
    if (slowest === null || ms > slowest.ms) slowest = { run, ms };
  }
  return { workMs, slowest };
}
