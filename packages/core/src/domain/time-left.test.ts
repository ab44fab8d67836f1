import { expect, test } from 'vitest';
import { timeLeft } from './time-left.ts';

const pace = { elapsedMs: 10_000, usualMs: null, tasks: 20, tasksDone: 5, tasksMs: 8000, moreToCome: false };

test.each([
  ['the history says it, whatever the tasks say', { usualMs: 43_000 }, 33_000],
  ['slower than usual: the tasks that are left, at the pace so far', { usualMs: 9000 }, 24_000],
  ['no history: the tasks', {}, 24_000],
  ['too few tasks to tell a pace', { tasksDone: 3 }, undefined],
  ['stages follow whose tasks nobody has counted', { moreToCome: true }, undefined],
  ['every task is done, the script goes on', { tasksDone: 20 }, undefined],
])('%s', (_why, change, expected) => expect(timeLeft({ ...pace, ...change })).toBe(expected));
