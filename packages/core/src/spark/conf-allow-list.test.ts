import { describe, expect, test } from 'vitest';
import { checkConf, parseConfAllow } from './conf-allow-list.ts';
import { CONF_CATALOG } from './conf-catalog.ts';

const message = (key: string, value: string, extra: string[] = []): string | undefined =>
  checkConf({ [key]: value }, extra)[0]?.message;

test('every example of the catalog is accepted, and each key stands once', () => {
  for (const { key, example } of CONF_CATALOG) expect(message(key, example), key).toBeUndefined();
  expect(new Set(CONF_CATALOG.map(({ key }) => key)).size).toBe(CONF_CATALOG.length);
});

describe('settings that run code are refused, however they are spelled', () => {
  test.each([
    'spark.pyspark.python',
    'spark.pyspark.driver.python',
    'spark.plugins',
    'spark.extraListeners',
    'spark.sql.extensions',
    'spark.hadoop.fs.file.impl',
    'spark.executorEnv.LD_PRELOAD',
    'spark.driver.resource.gpu.discoveryScript',
    'spark.driver.extraJavaOptions',
    'spark.driver.defaultJavaOptions',
    'spark.executor.extraClassPath',
    'spark.jars',
    'spark.jars.packages',
    'spark.submit.pyFiles',
    'spark.master',
    'spark.ui.port',
    'spark.serializer',
    '__proto__',
    'constructor',
    '',
  ])('%j', (key) =>
    expect(checkConf(JSON.parse(`{${JSON.stringify(key)}: "x"}`) as Record<string, string>, [])).toHaveLength(1),
  );
});

describe('did you mean', () => {
  test.each([
    'spark.driver.Memory',
    ' spark.driver.memory',
    'SPARK.DRIVER.MEMORY',
    'spark.driver.memory\n',
    'spark-driver-memory',
  ])('%j', (key) => expect(message(key, '2g')).toContain('did you mean spark.driver.memory?'));
});

describe('values', () => {
  test.each([
    ['spark.driver.memory', '2GB'],
    ['spark.driver.memory', '512m'],
    ['spark.sql.autoBroadcastJoinThreshold', '-1'],
    ['spark.dynamicAllocation.minExecutors', '0'],
    ['spark.sql.session.timeZone', 'America/Argentina/Buenos_Aires'],
    ['spark.sql.session.timeZone', '+05:30'],
    ['spark.network.timeout', '500ms'],
  ])('%s=%s is accepted', (key, value) => expect(message(key, value)).toBeUndefined());

  test.each([
    ['spark.driver.memory', '12q'],
    ['spark.driver.memory', '-1'],
    ['spark.driver.memory', '1g -XX:OnOutOfMemoryError=sh'],
    ['spark.driver.memory', '2g\n'],
    ['spark.executor.cores', '0'],
    ['spark.executor.cores', '1.5'],
    ['spark.sql.adaptive.enabled', 'yes'],
    ['spark.memory.fraction', '1.5'],
    ['spark.network.timeout', 'soon'],
    ['spark.sql.session.timeZone', 'Europe/Berlin; DROP'],
    ['spark.io.compression.codec', 'com.evil.Codec'],
    ['spark.yarn.queue', '--jars=x'],
    ['spark.driver.memory', '${env:HOME}'],
  ])('%s=%j is refused', (key, value) => expect(message(key, value)).toBeDefined());
});

describe('SPARK_CONF_ALLOW', () => {
  const extra = parseConfAllow(' spark.hadoop.fs.s3a.endpoint, ,spark.jars.packages');

  test('exact keys, any value on one line', () => {
    expect(extra).toEqual(['spark.hadoop.fs.s3a.endpoint', 'spark.jars.packages']);
    expect(message('spark.jars.packages', 'a:b:1, c:d:2', extra)).toBeUndefined();
    expect(message('spark.jars.repositories', 'x', extra)).toBeDefined();
  });

  test.each(['${env:HOME}', 'a\nb', 'a\rb', 'a\0b'])('never %j', (value) => {
    expect(message('spark.jars.packages', value, extra)).toBeDefined();
  });
});

test('all faults at once, each with its place', () => {
  const faults = checkConf({ 'spark.driver.memory': 'x', 'spark.plugins': 'y', 'spark.executor.cores': '2' }, []);
  expect(faults.map(({ path }) => path)).toEqual([
    ['conf', 'spark.driver.memory'],
    ['conf', 'spark.plugins'],
  ]);
});
