import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completeRetryPolicy, decideRetry, lossDelayMs, retryDelayMs } from './retry-policy.ts';

describe('a retry policy', () => {
  it('reads an integer as that many retries, one second apart', () => {
    expect(completeRetryPolicy(3)).toEqual({
      max: 3, backoff: 'fixed', delayMs: 1000, maxDelayMs: 3_600_000, jitter: 0, notOn: null,
    }); // prettier-ignore
  });

  it('keeps what is given and fills in the rest', () => {
    expect(completeRetryPolicy({ max: 2, backoff: 'exponential', delayMs: 50 })).toMatchObject({
      max: 2, backoff: 'exponential', delayMs: 50, jitter: 0,
    }); // prettier-ignore
  });

  it('doubles, up to the most', () => {
    const policy = completeRetryPolicy({ max: 9, backoff: 'exponential', delayMs: 100, maxDelayMs: 1000 });
    expect([1, 2, 3, 4, 5, 99].map((failures) => retryDelayMs(policy, failures))).toEqual([
      100, 200, 400, 800, 1000, 1000,
    ]);
  });

  it('never waits longer than the most nor less than the jitter allows', () => {
    fc.assert(
      fc.property(
        fc.record({
          backoff: fc.constantFrom('fixed' as const, 'exponential' as const),
          delayMs: fc.integer({ min: 0, max: 86_400_000 }),
          maxDelayMs: fc.integer({ min: 0, max: 86_400_000 }),
          jitter: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
        fc.integer({ min: 1, max: 100 }),
        (given, failures) => {
          const policy = completeRetryPolicy({ max: 100, ...given });
          const full = retryDelayMs({ ...policy, jitter: 0 }, failures);
          const delay = retryDelayMs(policy, failures);
          expect(delay).toBeLessThanOrEqual(policy.maxDelayMs);
          expect(delay).toBeGreaterThanOrEqual(Math.floor(full * (1 - policy.jitter)) - 1);
        },
      ),
    );
  });
});

describe('whether a retry follows', () => {
  it('as long as one is left', () => {
    const policy = completeRetryPolicy(2);
    expect(decideRetry(policy, 1, 'exit_code')).toEqual({ retry: true });
    expect(decideRetry(policy, 2, 'exit_code')).toEqual({ retry: true });
    expect(decideRetry(policy, 3, 'exit_code')).toEqual({ retry: false });
  });

  it('not for what the same bytes cannot mend, and it says so', () => {
    const decision = decideRetry(completeRetryPolicy(2), 1, 'python_syntax');
    expect(decision).toMatchObject({ retry: false, notRetried: expect.stringContaining('2 left') });
  });

  it('for anything but what notOn names, where it is given', () => {
    const policy = completeRetryPolicy({ max: 1, notOn: ['timeout'] });
    expect(decideRetry(policy, 1, 'python_syntax')).toEqual({ retry: true });
    expect(decideRetry(policy, 1, 'timeout')).toMatchObject({
      retry: false,
      notRetried: expect.stringContaining('notOn'),
    });
  });
});

it('losses back off from one second to thirty', () => {
  expect([0, 1, 2, 3, 5, 6, 60].map(lossDelayMs)).toEqual([1000, 1000, 2000, 4000, 16_000, 30_000, 30_000]);
});
