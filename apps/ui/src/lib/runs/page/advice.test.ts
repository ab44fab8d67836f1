import { FAILURE_KINDS, type FailureKind } from '@das/contracts/states';
import { expect, test } from 'vitest';
import { adviceFor } from './advice.ts';
import { doubled } from './spark-memory.ts';

const run = { conf: {}, timeoutMs: null, pyFiles: [] };
const advise = (kind: FailureKind, summary = '', more: object = {}) =>
  adviceFor({ kind, summary, excerpt: '' }, { ...run, ...more });

test.each(FAILURE_KINDS)('%s: something to try', (kind) => {
  expect(advise(kind).steps.join('')).toMatch(/\w{3}/);
});

test('a kind that a newer API tells gets an answer, too', () => {
  expect(advise('meteor' as FailureKind).steps).toHaveLength(1);
});

test('out of memory: twice what it had', () => {
  expect(advise('out_of_memory').again?.change).toEqual({ conf: { 'spark.driver.memory': '2g' } });
  const had = advise('out_of_memory', '', { conf: { 'spark.driver.memory': '1536m' } });
  expect(had.again?.change).toEqual({ conf: { 'spark.driver.memory': '3g' } });
  expect(advise('out_of_memory', 'the kernel killed a process of the run').again).toBeUndefined();
});

test('timeout: twice its limit', () => {
  expect(advise('timeout', '', { timeoutMs: 120_000 }).again).toEqual({
    label: 'Run again with 4 m 00 s',
    change: { timeoutMs: 240_000 },
  });
});

test.each([
  ['spark_error', 'AnalysisException: [PATH_NOT_FOUND] Path does not exist: hdfs:/a', /path is not there/],
  ['spark_error', 'Total size of serialized results is bigger than spark.driver.maxResultSize', /write the result/],
  ['python_error', "ModuleNotFoundError: No module named 'shared'", /If shared is a file/],
  ['python_error', "FileNotFoundError: [Errno 2] No such file or directory: 'a.csv'", /not of HDFS/],
  ['exit_code', 'the script ended with exit code 137, possibly killed by signal 9 (SIGKILL)', /memory ran out/],
] as const)('%s: %s', (kind, summary, expected) => expect(advise(kind, summary).steps.join(' ')).toMatch(expected));

test.each([
  ['512m', '1g'],
  ['1500m', '3000m'],
  ['2G', '4g'],
  ['1gb', '2g'],
  ['lots', null],
])('twice %s', (memory, twice) => expect(doubled(memory)).toBe(twice));
