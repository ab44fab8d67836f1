import type { RetryPolicy } from './run-request.ts';

/**
 * Milliseconds before the retry that follows the `failures`-th failure (1 = the first), of which `jitter` may take off a part.
 * Exponential doubles from `delayMs`; both are capped at `maxDelayMs`.
 */
export function fullRetryDelayMs({ backoff, delayMs, maxDelayMs }: RetryPolicy, failures: number): number {
  const growth = backoff === 'exponential' ? 2 ** Math.min(failures - 1, 40) : 1;
  return Math.min(delayMs * growth, maxDelayMs);
}
