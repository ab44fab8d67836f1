import { expect, it } from 'vitest';
import { runTime, timeOfAll } from './run-time.ts';

const at = (seconds: number) => new Date(seconds * 1000).toISOString();
const ended = { startedAt: at(0), finishedAt: at(4), durationMs: 4000 };
const running = { startedAt: at(2), finishedAt: null, durationMs: null };
const waiting = { startedAt: null, finishedAt: null, durationMs: null };

it('counts what still runs as far as it is', () => {
  expect([ended, running, waiting].map((run) => runTime(run, { now: 5000 }))).toEqual([4000, 3000, null]);
  expect(timeOfAll([ended, running, waiting], { now: 5000 })).toEqual({
    workMs: 7000,
    slowest: { run: ended, ms: 4000 },
  });
  expect(timeOfAll([ended, running], { now: 9000 })).toEqual({ workMs: 11_000, slowest: { run: running, ms: 7000 } });
  expect(timeOfAll([waiting], { now: 9000 })).toEqual({ workMs: 0, slowest: null });
});
