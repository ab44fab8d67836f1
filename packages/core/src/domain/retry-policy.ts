import { fullRetryDelayMs } from '@das/contracts/retry-delay';
import type { Retries, RetryPolicy } from '@das/contracts/run-request';
import type { FailureKind } from '@das/contracts/states';

/** Not retried unless the policy says `notOn` itself: running the same bytes again cannot help. */
export const NOT_RETRIED_BY_DEFAULT: readonly FailureKind[] = ['python_syntax', 'submit_error'];

const DEFAULTS = {
  backoff: 'fixed',
  delayMs: 1000,
  maxDelayMs: 3_600_000,
  jitter: 0,
  notOn: null,
} as const satisfies Omit<RetryPolicy, 'max'>;

/** Fills in what a request left out; an integer is `{max}`. */
export function completeRetryPolicy(retries: Retries): RetryPolicy {
  const given = typeof retries === 'number' ? { max: retries } : retries;
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { max: 0, ...DEFAULTS, ...defined };
}

/** Milliseconds to wait before the retry that follows the `failures`-th failure (1 = the first); `jitter` 0.2 takes off up to 20 %. */
export function retryDelayMs(policy: RetryPolicy, failures: number, random: () => number = Math.random): number {
  return Math.round(fullRetryDelayMs(policy, failures) * (1 - policy.jitter * random()));
}

/** Whether a failure is followed by a retry; if not although one is left, why. */
export function decideRetry(
  policy: RetryPolicy,
  failures: number,
  kind: FailureKind,
): { retry: true } | { retry: false; notRetried?: string } {
  const left = policy.max + 1 - failures;
  if (left <= 0) return { retry: false };
  if (kind === 'too_many_losses') return { retry: false };
  const notOn = policy.notOn ?? NOT_RETRIED_BY_DEFAULT;
  if (!notOn.includes(kind)) return { retry: true };
  const rule = policy.notOn ? 'retries.notOn names this kind' : 'the same bytes would fail again';
  return { retry: false, notRetried: `No retry although ${left} left: ${kind} is not retried (${rule}).` };
}

/** Losses back off 1 s, 2 s, 4 s … 30 s. */
export function lossDelayMs(losses: number): number {
  return Math.min(1000 * 2 ** Math.min(Math.max(losses, 1) - 1, 5), 30_000);
}
