import type { RunSummary } from '@das/contracts/run';
import { isTerminal } from '@das/contracts/states';

/** Which attempt it is at, where that says anything: `2 of up to 4`, `3, the last one`. Null of a run that needed one. */
export function attemptsInWords(run: Pick<RunSummary, 'state' | 'attemptCount' | 'retries' | 'losses'>): string | null {
  const { attemptCount, retries, losses } = run;
  if (isTerminal(run.state)) return attemptCount > 1 ? `${attemptCount} were made` : null;
  if (attemptCount === 0 || retries.max === 0) return attemptCount > 1 ? String(attemptCount) : null;
  // A loss uses up no retry: each adds an attempt.
  return `${attemptCount} of up to ${retries.max + 1 + losses}`;
}
