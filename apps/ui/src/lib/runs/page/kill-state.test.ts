import type { Attempt } from '@das/contracts/run';
import { expect, test } from 'vitest';
import { killState } from './kill-state.ts';

const T0 = Date.parse('2026-11-22T12:00:00.000Z');
const at = (seconds: number) => new Date(T0 + seconds * 1000).toISOString();
const stopping = { signalledAt: at(0), killAt: at(10) };
const attempt = (more: Partial<Attempt>) => more as Attempt;

test.each([
  ['not told yet', 'cancelling', {}, 1, 'Its worker is being told.'],
  ['asked', 'cancelling', { stopping }, 3, 'Asked to end 3 s ago (SIGTERM); what still lives is killed in 7 s.'],
  [
    'killed',
    'cancelling',
    { stopping },
    11,
    'Asked to end 11 s ago (SIGTERM), then killed (SIGKILL); it is cancelled once no process of it lives.',
  ],
  [
    'ended by itself',
    'cancelled',
    { stopping, finishedAt: at(1.2) },
    60,
    'It ended within 1.2 s of being asked to (SIGTERM).',
  ],
  [
    'had to be killed',
    'cancelled',
    { stopping, finishedAt: at(10.1) },
    60,
    'It did not end when asked to (SIGTERM), and was killed after 10 s (SIGKILL).',
  ],
  ['nothing ran', 'cancelled', {}, 60, null],
  ['completed', 'completed', { finishedAt: at(1) }, 60, null],
] as const)('%s', (_what, state, of, now, told) =>
  expect(killState({ state }, attempt(of), T0 + now * 1000)).toBe(told),
);
