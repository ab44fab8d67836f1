import type { Attempt, Run, RunEvent } from '@das/contracts/run';
import { expect, test } from 'vitest';
import { axisTicks, timelineOf } from './timeline.ts';

const T0 = Date.parse('2026-11-22T12:00:00.000Z');
const at = (seconds: number) => new Date(T0 + seconds * 1000).toISOString();

/** Times in seconds since the creation: started, submitted, running, finished. */
function attempt(n: number, state: Attempt['state'], times: (number | null)[]): Attempt {
  const [startedAt, submittedAt = null, runningAt = null, finishedAt = null] = times.map((time) =>
    time === null ? null : at(time),
  );
  return { n, state, startedAt: startedAt ?? '', submittedAt, runningAt, finishedAt } as Attempt;
}

function run(more: Partial<Run>): Run {
  const attempts = more.attempts ?? [];
  return {
    createdAt: at(0),
    finishedAt: null,
    attemptCount: attempts.length,
    failures: attempts.filter(({ state }) => state === 'failed').length,
    retries: { max: 5, backoff: 'fixed', delayMs: 3000, maxDelayMs: 3_600_000, jitter: 0, notOn: null },
    state: 'running',
    ...more,
    attempts,
  } as Run;
}

/** `kind attempt from-to`, in seconds. */
const told = (of: Run, now: number, events: RunEvent[] = []) =>
  timelineOf(of, events, T0 + now * 1000).segments.map(
    ({ kind, attempt: n, from, to, open }) =>
      `${kind} ${n} ${(from - T0) / 1000}-${(to - T0) / 1000}${open ? ' …' : ''}`,
  );

test('a failure, its wait, a loss, its recovery, and the attempt that goes on', () => {
  const attempts = [
    attempt(1, 'failed', [2, 3, 5, 10]),
    attempt(2, 'lost', [13, 14, 16, 20]),
    attempt(3, 'running', [21, 22, null, null]),
  ];
  expect(told(run({ attempts }), 30)).toEqual([
    'queued 1 0-2',
    'fetching 1 2-3',
    'starting 1 3-5',
    'running 1 5-10',
    'delay 2 10-13',
    'fetching 2 13-14',
    'starting 2 14-16',
    'running 2 16-20',
    'recovering 3 20-21',
    'fetching 3 21-22',
    'starting 3 22-30 …',
  ]);
});

test('a retry that is due and finds no place is queued from then on', () => {
  const attempts = [attempt(1, 'failed', [1, 2, 3, 10])];
  const waiting = run({ state: 'retrying', attempts, nextAttemptAt: at(15) });
  expect(told(waiting, 12).slice(-1)).toEqual(['delay 2 10-12 …']);
  expect(told(waiting, 20).slice(-2)).toEqual(['delay 2 10-15', 'queued 2 15-20 …']);
  const immediate = run({ state: 'retrying', attempts, nextAttemptAt: at(10) });
  expect(told(immediate, 20).slice(-1)).toEqual(['queued 2 10-20 …']);
});

test('so is one that has found its place since, as far as the settings tell its delay', () => {
  const retries = { max: 9, backoff: 'exponential', delayMs: 2000, maxDelayMs: 5000, jitter: 0, notOn: null } as const;
  // The first two of its attempts are not kept any more: the fourth failure was its third one.
  const attempts = [
    attempt(3, 'failed', [20, 20, 20, 30]),
    attempt(4, 'lost', [35, 35, 35, 40]),
    attempt(5, 'failed', [50, 50, 50, 60]),
    attempt(6, 'running', [64, 64, 64, null]),
  ];
  const waits = (more: Partial<Run>) =>
    told(run({ attempts, attemptCount: 6, failures: 3, retries, ...more }), 70).filter(
      (text) => !/^(run|ear)/.test(text),
    );
  expect(waits({})).toEqual(['delay 4 30-34', 'queued 4 34-35', 'recovering 5 40-50', 'delay 6 60-64']);
  expect(waits({ retries: { ...retries, backoff: 'fixed' } }).slice(-2)).toEqual(['delay 6 60-62', 'queued 6 62-64']);
  // How much of it jitter took off was written down nowhere.
  expect(waits({ retries: { ...retries, jitter: 0.1 } }).at(-1)).toBe('waiting 6 60-64');
});

test('one that was cancelled while it waited did so to its end', () => {
  const attempts = [attempt(1, 'failed', [1, 2, 3, 10])];
  const cancelled = run({ state: 'cancelled', attempts, finishedAt: at(20) });
  expect(told(cancelled, 99).slice(-2)).toEqual(['delay 2 10-13', 'queued 2 13-20']);
  const failed = run({ state: 'failed', attempts, finishedAt: at(11) });
  expect(told(failed, 99).at(-1)).toBe('running 1 3-10');
});

test('a cancel splits what ran', () => {
  const attempts = [attempt(1, 'cancelled', [1, 2, 3, 12])];
  const cancel = { type: 'requestCancel', at: at(10) } as RunEvent;
  const cancelled = run({ state: 'cancelled', attempts, finishedAt: at(12) });
  expect(told(cancelled, 99, [cancel]).slice(-2)).toEqual(['running 1 3-10', 'cancelling 1 10-12']);
});

test('one that never ran was queued; a waiting one still is', () => {
  expect(told(run({ state: 'cancelled', finishedAt: at(7) }), 99)).toEqual(['queued 1 0-7']);
  expect(told(run({ state: 'queued' }), 7)).toEqual(['queued 1 0-7 …']);
});

test('of more attempts than are kept the rest is one piece', () => {
  const attempts = [attempt(51, 'failed', [500, 500, 500, 501]), attempt(52, 'completed', [502, 502, 502, 503])];
  const told52 = told(run({ state: 'completed', attempts, finishedAt: at(503) }), 999);
  expect(told52[0]).toBe('earlier 51 0-500');
});

test.each([
  [7000, 5, [0, 2000, 4000, 6000]],
  [180_000, 4, [0, 60_000, 120_000, 180_000]],
])('round steps of an axis of %i ms', (span, most, ticks) => expect(axisTicks(span, most)).toEqual(ticks));
