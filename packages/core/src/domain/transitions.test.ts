import { isTerminal, RUN_STATES, TERMINAL_RUN_STATES } from '@das/contracts/states';
import type { RunState } from '@das/contracts/states';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cancelTransition, isLegal, TRANSITIONS } from './transitions.ts';
import type { TransitionName } from './transitions.ts';

const names = Object.keys(TRANSITIONS) as TransitionName[];

describe('the transition table', () => {
  it('lets nothing leave a terminal state', () => {
    for (const name of names) for (const state of TERMINAL_RUN_STATES) expect(isLegal(name, state)).toBe(false);
  });

  it('leads from queued to every state, and from every state that is not terminal to an end', () => {
    expect(reachable('queued')).toEqual(new Set(RUN_STATES));
    for (const state of RUN_STATES) {
      expect([...reachable(state)].some(isTerminal), state).toBe(true);
    }
  });

  it('ends exactly once, whatever is asked in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...names), { maxLength: 60 }), (asked) => {
        let state: RunState = 'queued';
        let ends = 0;
        for (const name of asked) {
          if (!isLegal(name, state)) continue;
          expect(isTerminal(state)).toBe(false);
          state = TRANSITIONS[name].to;
          if (isTerminal(state)) ends += 1;
        }
        expect(ends).toBe(isTerminal(state) ? 1 : 0);
      }),
    );
  });

  it('cancels at once what waits, asks first where something runs, and leaves alone what has ended', () => {
    expect(cancelTransition('queued')).toBe('cancelWaiting');
    expect(cancelTransition('retrying')).toBe('cancelWaiting');
    expect(cancelTransition('running')).toBe('requestCancel');
    for (const state of ['cancelling', ...TERMINAL_RUN_STATES] as const) expect(cancelTransition(state)).toBeNull();
  });
});

/** The states that can follow `from`, itself included. */
function reachable(from: RunState): Set<RunState> {
  const seen = new Set<RunState>([from]);
  for (const state of seen) for (const name of names) if (isLegal(name, state)) seen.add(TRANSITIONS[name].to);
  return seen;
}
