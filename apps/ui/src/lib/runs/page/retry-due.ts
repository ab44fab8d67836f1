import { fullRetryDelayMs } from '@das/contracts/retry-delay';
import type { Attempt, Run } from '@das/contracts/run';

/**
 * When the attempt that follows `previous` was due (Unix ms), as far as it is known: told by the run while it waits, and computed from its
 * retry settings where those leave nothing open. Null after a loss, whose delay is no
 * setting of the run, and with jitter, which nobody wrote down. Pure.
 */
export function dueAfter(run: Run, previous: Attempt): number | null {
  if (previous.n === run.attemptCount && run.nextAttemptAt) return Date.parse(run.nextAttemptAt);
  if (previous.state !== 'failed' || previous.finishedAt === null || run.retries.jitter > 0) return null;
  return Date.parse(previous.finishedAt) + fullRetryDelayMs(run.retries, failuresBy(run, previous));
}

/** Which of the run's failures this one was, from 1. Counted from the last one, as only the last attempts are kept. */
function failuresBy(run: Run, { n }: Attempt): number {
  return run.failures - run.attempts.filter((attempt) => attempt.n > n && attempt.state === 'failed').length;
}
