import { describe, expect, it } from 'vitest';
import { literal } from '../domain/literal.ts';
import { countNewest, launchState } from './launch-store.ts';
import { capacity, quantiles } from './overview.ts';
import { runCondition } from './run-condition.ts';

describe('filters of runs', () => {
  it('are none without any', () => expect(runCondition({})).toEqual({}));

  it('take a label apart at its first colon', () => {
    expect(runCondition({ label: 'url:http://x' })).toEqual({
      $and: [{ labels: { key: 'url', value: 'http://x' }, 'labels.key': { $exists: true } }],
    });
  });

  it('take what people type literally', () => {
    expect(runCondition({ prefix: '/s/a.b(' })).toEqual({
      $and: [{ 'script.path': { $regex: String.raw`^/s/a\.b\(` } }],
    });
    expect(new RegExp(`^${literal('a.b*[c]$^(d)|{e}\\-/')}$`).test('a.b*[c]$^(d)|{e}\\-/')).toBe(true);
  });

  it('bound the ids by the time, minutes apart', () => {
    const condition = runCondition({
      createdAfter: '2026-01-02T00:00:00.000Z',
      createdBefore: '2026-01-03T00:00:00.000Z',
    });
    const [, from, , until] = condition.$and as { _id: Record<string, string> }[];
    expect(from?._id['$gte']).toHaveLength(10);
    expect((from?._id['$gte'] ?? '') < (until?._id['$lt'] ?? '')).toBe(true);
  });
});

describe('launches', () => {
  it('count each item by its newest run', () => {
    const runs = [
      { _id: '1', state: 'failed', rerunOf: null },
      { _id: '2', state: 'completed', rerunOf: '1' },
      { _id: '3', state: 'completed', rerunOf: 'elsewhere' },
    ] as const;
    expect(countNewest(runs)).toEqual({ completed: 2 });
  });

  it.each([
    [{ completed: 1, failed: 1, queued: 1 }, 'active'],
    [{ completed: 1, failed: 1, cancelled: 1 }, 'failed'],
    [{ completed: 1, cancelled: 1, failed: 0 }, 'cancelled'],
    [{ completed: 2 }, 'completed'],
    [{ cancelling: 1 }, 'active'],
  ] as const)('with %j are %s', (counts, state) => expect(launchState(counts)).toBe(state));
});

describe('the overview', () => {
  it('takes quantiles by nearest rank', () => {
    expect(quantiles([])).toEqual({ p50: null, p95: null });
    expect(quantiles([3, 1, 2])).toEqual({ p50: 2, p95: 3 });
  });

  it('counts places of workers that take work', () => {
    const worker = {
      _id: 'w',
      host: 'h',
      pid: 1,
      version: '1',
      startedAt: new Date(),
      lastSeenAt: new Date(),
      concurrency: 4,
    };
    const workers = [
      { ...worker, running: ['a'], state: 'active' as const },
      { ...worker, running: [], state: 'gone' as const },
    ];
    expect(capacity(workers)).toEqual({ workers: { active: 1, gone: 1 }, places: { total: 4, free: 3 } });
  });
});
