import type { Run } from '@das/contracts/run';
import { expect, test } from 'vitest';
import { attemptsInWords } from './attempts-in-words.ts';

const run = (state: Run['state'], attemptCount: number, max: number, losses = 0) =>
  ({ state, attemptCount, losses, retries: { max } }) as Run;

test.each([
  ['completed at once, with retries left', run('completed', 1, 2), null],
  ['completed at the third', run('completed', 3, 2), '3 were made'],
  ['running, no retries', run('running', 1, 0), null],
  ['running, with retries', run('running', 1, 2), '1 of up to 3'],
  ['a loss adds one', run('running', 2, 2, 1), '2 of up to 4'],
  ['without retries, after a loss', run('running', 2, 0, 1), '2'],
  ['queued', run('queued', 0, 2), null],
])('%s', (_what, of, told) => expect(attemptsInWords(of)).toBe(told));
