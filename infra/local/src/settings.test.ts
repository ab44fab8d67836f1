import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appEnvironment, embeddedParts, launchSettings, readEnvironment, UsageError } from './settings.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'das-settings-'));
});
afterEach(() => rm(root, { recursive: true }));

const addresses = {
  redisUrl: 'redis://:secret@127.0.0.1:6379',
  mongodbUri: 'mongodb://das:secret@127.0.0.1:27017/?replicaSet=rs0',
  hdfsUrl: 'http://127.0.0.1:9870',
  hdfsRpcUrl: 'hdfs://127.0.0.1:9000',
  sparkSubmit: '/runtime/spark-submit',
};
const spark = {
  propertiesFile: '/home/spark-defaults.conf',
  home: '/runtime/pyspark',
  python: '/runtime/python',
  java: '/jdk/bin/java',
};

test('the environment wins over .env', async () => {
  await writeFile(join(root, '.env'), 'API_PORT=9001\nLOG_LEVEL=debug # quiet otherwise\n');
  expect(readEnvironment(root, { API_PORT: '9002' })).toEqual({ API_PORT: '9002', LOG_LEVEL: 'debug' });
});

test('the defaults are those of the design', () => {
  expect(launchSettings(root, {}, [])).toMatchObject({
    home: join(root, '.das'),
    runtimeDir: join(root, '.das/runtime'),
    logFile: join(root, 'logfile.log'),
    workers: 1,
    servicesOnly: false,
    scriptsDir: '/my_projects/scripts',
    api: { host: '127.0.0.1', port: 8080 },
  });
});

test('the runtime can be shared between homes', () => {
  const env = { DAS_HOME: '/tmp/one', DAS_RUNTIME: '/tmp/shared' };
  expect(launchSettings(root, env, [])).toMatchObject({ home: '/tmp/one', runtimeDir: '/tmp/shared' });
});

test('each URI that is given replaces its part; an empty one does not', () => {
  expect([...embeddedParts({ REDIS_URL: 'redis://elsewhere', HDFS_URL: '' })]).toEqual(['mongodb', 'hdfs', 'spark']);
  expect([...embeddedParts({ MONGODB_URI: 'a', REDIS_URL: 'b', HDFS_URL: 'c', SPARK_SUBMIT: 'd' })]).toEqual([]);
});

test.each([
  [['--workers', 'many'], {}],
  [['--workers', '-1'], {}],
  [['--wrokers', '2'], {}],
  [[], { API_PORT: '80800' }],
])('%j with %j is refused in one line', (args, env) => {
  expect(() => launchSettings(root, env, args)).toThrow(UsageError);
});

test('the apps get the addresses of this stack, and the settings of the user', () => {
  const env = {
    SPARK_LOCAL_IP: '10.0.0.1',
    WORKER_CONCURRENCY: '7',
    SPARK_HOME: '/opt/other-spark',
    LOG_FILE: 'mine.log',
  };
  const made = appEnvironment(launchSettings(root, env, []), addresses, spark);
  expect(made).toMatchObject({
    REDIS_URL: addresses.redisUrl,
    MONGODB_URI: addresses.mongodbUri,
    HDFS_URL: addresses.hdfsUrl,
    SPARK_SUBMIT: addresses.sparkSubmit,
    PYSPARK_PYTHON: spark.python,
    SPARK_PROPERTIES_FILE: spark.propertiesFile,
    SPARK_HOME: spark.home,
    JAVA_HOME: '/jdk',
    SPARK_LOCAL_IP: '10.0.0.1',
    WORKER_CONCURRENCY: '7',
    LOG_FILE: '',
  });
});
