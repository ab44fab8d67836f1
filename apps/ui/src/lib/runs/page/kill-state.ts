import type { Attempt, Run } from '@das/contracts/run';
import { duration, tickingDuration } from '../../time/format.ts';

/** How far a cancel is, in words; null where nothing had to be ended. `now` in Unix ms. Pure. */
export function killState(run: Pick<Run, 'state'>, attempt: Attempt | undefined, now: number): string | null {
  const stopping = attempt?.stopping;
  if (run.state === 'cancelling') {
    if (!stopping) return 'Its worker is being told.';
    const left = Date.parse(stopping.killAt) - now;
    const asked = `Asked to end ${tickingDuration(now - Date.parse(stopping.signalledAt))} ago (SIGTERM)`;
    return left > 0
      ? `${asked}; what still lives is killed in ${tickingDuration(left + 999)}.`
      : `${asked}, then killed (SIGKILL); it is cancelled once no process of it lives.`;
  }
  if (run.state !== 'cancelled' || !stopping || !attempt.finishedAt) return null;
  const [signalled, kill, end] = [stopping.signalledAt, stopping.killAt, attempt.finishedAt].map((at) =>
    Date.parse(at),
  ) as [number, number, number];
  return end < kill
    ? `It ended within ${duration(end - signalled)} of being asked to (SIGTERM).`
    : `It did not end when asked to (SIGTERM), and was killed after ${duration(kill - signalled)} (SIGKILL).`;
}
