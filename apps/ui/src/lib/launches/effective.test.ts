import type { LaunchRequest } from '@das/contracts/run-request';
import { expect, it } from 'vitest';
import { effectiveRows, retryWords, type PlanItem } from './effective.ts';

const retries = { max: 2, backoff: 'fixed', delayMs: 1500, maxDelayMs: 3_600_000, jitter: 0, notOn: null } as const;
const item: PlanItem = {
  script: '/s/a.py',
  version: 'v',
  sha256: 'h',
  effective: {
    args: ['x y'],
    conf: { 'spark.a': '1', 'spark.b': '2', 'spark.c': '3' },
    pyFiles: [],
    files: ['/s/f.csv'],
    target: 'local',
    retries,
    timeoutMs: null,
    priority: 4,
    startup: 'fast',
    labels: { team: 'a' },
  },
  sources: {
    args: 'item', conf: 'item', pyFiles: 'platform', files: 'script', target: 'platform', retries: 'launch', timeoutMs: 'platform', priority: 'platform', startup: 'item', labels: 'launch',
  }, // prettier-ignore
  command: [],
};

it('says of each setting where it comes from; of merged ones by key', () => {
  const request: LaunchRequest = {
    defaults: { conf: { 'spark.b': '2', 'spark.c': '0' }, labels: { team: 'a' } },
    items: [{ script: '/s/a.py', conf: { 'spark.c': '3' } }],
  };
  expect(effectiveRows(item, request, 0).map(({ label, values, from }) => [label, values.join(' '), from])).toEqual([
    ['Arguments', 'x y', 'item'],
    ['Retries', '2, each after 1500ms', 'launch'],
    ['Timeout', 'none', 'platform'],
    ['Priority', '4', 'platform'],
    ['Start of Spark', 'fast', 'item'],
    ['Spark', 'spark.a=1', 'script'],
    ['Spark', 'spark.b=2', 'launch'],
    ['Spark', 'spark.c=3', 'item'],
    ['Files', '/s/f.csv', 'script'],
    ['Label', 'team: a', 'launch'],
  ]);
});

it('says retries in words', () => {
  expect(retryWords({ ...retries, max: 0 })).toBe('none');
  expect(retryWords({ ...retries, backoff: 'exponential', jitter: 0.2 })).toBe(
    '2, exponential from 1500ms up to 1h, jitter 0.2',
  );
});
