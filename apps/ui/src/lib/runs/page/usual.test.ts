import type { ScriptStats } from '@das/contracts/script';
import { expect, test } from 'vitest';
import { comparedWithUsual } from './usual.ts';

const history = (...durations: number[]): ScriptStats => ({
  items: durations.map((durationMs, index) => ({ id: `r${index}`, state: 'completed', durationMs, createdAt: '' })),
  p50Ms: null,
  p95Ms: null,
  successRate: null,
});
const usual = history(40_000, 43_000, 45_000, 44_000, 42_000);

test.each([
  ['running', 90_300, { slower: true, text: '2.1× the usual 43 s' }],
  ['running', 30_000, { slower: false, text: 'usually 43 s' }],
  ['completed', 12_000, { slower: false, text: '0.3× the usual 43 s' }],
  ['failed', 2000, { slower: false, text: 'usually 43 s' }],
] as const)('%s after %i ms', (state, took, expected) =>
  expect(comparedWithUsual({ id: 'x', state }, took, usual)).toEqual(expected),
);

test('two runs are no habit, and a run is no habit of its own', () => {
  expect(comparedWithUsual({ id: 'x', state: 'running' }, 90_000, history(1000, 1000))).toBeNull();
  expect(comparedWithUsual({ id: 'r0', state: 'completed' }, 90_000, history(90_000, 1000, 1000))).toBeNull();
});

test('half a second more than half a second is not told as slow', () => {
  expect(comparedWithUsual({ id: 'x', state: 'completed' }, 1100, history(500, 500, 500))?.slower).toBe(false);
});
