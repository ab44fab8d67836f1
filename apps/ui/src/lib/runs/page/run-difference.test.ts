import type { RunSummary } from '@das/contracts/run';
import { expect, test } from 'vitest';
import { differenceOf } from './run-difference.ts';

const run = (more: Partial<RunSummary>) =>
  ({
    args: [],
    conf: {},
    pyFiles: [],
    files: [],
    retries: { max: 0 },
    timeoutMs: null,
    target: 'local',
    ...more,
  }) as RunSummary;

test('arguments, settings by key, and what only one of them has', () => {
  const before = run({ args: ['a'], conf: { 'spark.driver.memory': '1g', 'spark.sql.shuffle.partitions': '8' } });
  const after = run({ args: ['a', 'b c'], conf: { 'spark.driver.memory': '2g' }, timeoutMs: 90_000 });
  expect(differenceOf(before, after)).toEqual([
    { name: 'Arguments', before: '"a"', after: '"a"\n"b c"' },
    { name: 'spark.driver.memory', before: '1g', after: '2g' },
    { name: 'spark.sql.shuffle.partitions', before: '8', after: null },
    { name: 'Timeout', before: 'none', after: '90s' },
  ]);
  expect(differenceOf(after, after)).toEqual([]);
});
