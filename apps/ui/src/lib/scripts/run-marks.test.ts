import type { RunMark } from '@das/contracts/script';
import { describe, expect, it } from 'vitest';
import { joinMarks, markHeights, markLabel, usualMs } from './run-marks.ts';

const mark = (id: string, over: Partial<RunMark> = {}): RunMark => ({
  id,
  state: 'completed',
  seq: 3,
  createdAt: '2026-11-22T14:03:09.120Z',
  startedAt: '2026-11-22T14:03:10.000Z',
  durationMs: 2300,
  ...over,
});

describe('the newest runs of a script', () => {
  it('take in what the socket says, newest first, and no more than are shown', () => {
    const held = [mark('c', { state: 'running', seq: 2 }), mark('b'), mark('a')];
    const joined = joinMarks(held, [mark('d', { seq: 1, state: 'queued' }), mark('c', { seq: 3 })], 3);
    expect(joined.map(({ id, state }) => [id, state])).toEqual([
      ['d', 'queued'],
      ['c', 'completed'],
      ['b', 'completed'],
    ]);
  });

  it('ignore what is older than what is held', () => {
    expect(joinMarks([mark('a')], [mark('a', { seq: 2, state: 'running' })], 14)).toEqual([mark('a')]);
  });

  it('say in words what their colour and height say', () => {
    expect(markLabel(mark('a'), 'Completed')).toMatch(/^Completed in 2\.3 s, 2026-11-2\d \d\d:\d\d$/);
    expect(markLabel(mark('a', { state: 'queued', durationMs: null }), 'Queued')).toMatch(/^Queued, 2026/);
    const runs = [mark('a', { durationMs: 500 }), mark('b', { durationMs: 2000, state: 'failed' }), mark('c', { state: 'running', durationMs: null })]; // prettier-ignore
    expect(markHeights(runs)).toEqual([0.25, 1, 1]);
    expect(usualMs([...runs, mark('d', { durationMs: 700 }), mark('e', { durationMs: 900 })])).toBe(700);
    expect(usualMs([])).toBeNull();
  });
});
