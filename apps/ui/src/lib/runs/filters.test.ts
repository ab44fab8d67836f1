import type { RunSummary } from '@das/contracts/run';
import { describe, expect, it } from 'vitest';
import { matches, readFilters, states, toggleState } from './filters.ts';

const run = {
  id: '01ABC',
  script: { path: '/my_projects/scripts/etl/Daily.py' },
  state: 'failed',
  launchId: null,
  labels: { team: 'a:b' },
  submittedBy: { id: 'ann', via: 'header' },
  failure: { kind: 'python_error' },
  workerId: null,
  createdAt: '2026-11-22T10:00:00.000Z',
} as unknown as RunSummary;

describe('run filters', () => {
  it('reads only known names from the address', () => {
    expect(readFilters(new URLSearchParams('state=failed&q=x&nope=1&launch='))).toEqual({ state: 'failed', q: 'x' });
  });

  it('toggles states in the order of the contract', () => {
    const both = toggleState(toggleState({}, 'failed'), 'queued');
    expect(both).toEqual({ state: 'queued,failed' });
    expect(states(both)).toEqual(['queued', 'failed']);
    expect(toggleState({ state: 'failed', q: 'x' }, 'failed')).toEqual({ q: 'x' });
  });

  it.each([
    [{}, true],
    [{ state: 'failed,running' }, true],
    [{ state: 'running' }, false],
    [{ q: 'daily' }, true],
    [{ q: '01A' }, true],
    [{ label: 'team:a:b' }, true],
    [{ label: 'team:a' }, false],
    [{ submitter: 'bob' }, false],
    [{ failureKind: 'timeout,python_error' }, true],
    [{ createdAfter: '2026-11-22T10:00:00.000Z' }, true],
    [{ createdBefore: '2026-11-22T10:00:00.000Z' }, false],
  ])('matches %j: %s', (filters, expected) => expect(matches(run, filters)).toBe(expected));
});
