import type { RunSummary } from '@das/contracts/run';
import type { RunMark } from '@das/contracts/script';
import { isTerminal } from '@das/contracts/states';
import { absoluteTime, duration } from '../time/format.ts';
import { quantile } from '../time/quantile.ts';

/** `held` and `told` as one row, newest first and at most `last`: of each run whatever is newer by its `seq`. */
export function joinMarks(held: readonly RunMark[], told: readonly RunMark[], last: number): RunMark[] {
  const byId = new Map(held.map((mark) => [mark.id, mark]));
  for (const mark of told) {
    const other = byId.get(mark.id);
    if (!other || other.seq < mark.seq) byId.set(mark.id, mark);
  }
  return [...byId.values()].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, last);
}

export function markOf({ id, state, seq, createdAt, startedAt, durationMs }: RunSummary): RunMark {
  return { id, state, seq, createdAt, startedAt, durationMs };
}

/** `Completed in 2.3 s, 2026-11-22 14:03`; `word` is the state's. */
export function markLabel({ durationMs, createdAt }: RunMark, word: string): string {
  return `${word}${durationMs === null ? '' : ` in ${duration(durationMs)}`}, ${absoluteTime(createdAt).slice(0, 16)}`;
}

/** How high each run's bar is, 0–1 of the longest of them; what has not ended yet is full. */
export function markHeights(marks: readonly RunMark[]): number[] {
  const longest = Math.max(1, ...marks.map(({ durationMs }) => durationMs ?? 0));
  return marks.map(({ state, durationMs }) => (isTerminal(state) ? (durationMs ?? 0) / longest : 1));
}

/** The middle duration of those that completed; null of none. */
export function usualMs(marks: readonly RunMark[]): number | null {
  const completed = marks.filter(({ state }) => state === 'completed').flatMap(({ durationMs }) => durationMs ?? []);
  return quantile(completed, 0.5) ?? null;
}
