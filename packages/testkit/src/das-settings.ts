import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SETTINGS } from '@das/core/config/settings';
import type { Stack } from './stack.ts';

export const STUB_SPARK_SUBMIT = fileURLToPath(new URL('stub-spark-submit.sh', import.meta.url));

/** Filled once on a machine, in the background: what it holds is named after the build of Spark and Java. */
export const SPARK_START_DIR = join(tmpdir(), `das-test-spark-start-${userInfo().uid}`);

export type Env = Record<string, string | undefined>;

/** What sets one DAS of the tests apart from the others. */
type Own = {
  stack: Stack;
  database: string;
  queuePrefix: string;
  scriptsDir: string;
  hdfsUser: string;
  /** Working folders of its processes. */
  home: string;
};

/** Short, but not so short that a busy machine with two cores misses them. Milliseconds. */
const TIMES = { LEASE_MS: '8000', RECONCILE_INTERVAL_MS: '250', KILL_GRACE_MS: '1500', DRAIN_GRACE_MS: '500' };

/** The environment that its processes start with. */
export function settingsOf(
  { stack, database, queuePrefix, scriptsDir, hdfsUser, home }: Own,
  options: { stub?: boolean; env?: Env },
): Env {
  return {
    ...withoutSettings(process.env),
    ...TIMES,
    MONGODB_URI: stack.mongodbUri,
    MONGODB_DATABASE: database,
    REDIS_URL: stack.redisUrl,
    QUEUE_PREFIX: queuePrefix,
    HDFS_URL: stack.hdfsUrl,
    HDFS_USER: hdfsUser,
    HDFS_SCRIPTS_DIR: scriptsDir,
    API_PORT: '0',
    SCAN_INTERVAL_MS: '3600000',
    SPARK_SUBMIT: options.stub ? STUB_SPARK_SUBMIT : stack.sparkSubmit,
    SPARK_PROPERTIES_FILE: join(home, 'spark-defaults.conf'),
    SPARK_MASTER: 'local[1]',
    SPARK_LOCAL_IP: '127.0.0.1',
    PYSPARK_PYTHON: stack.pysparkPython,
    // As shipped, and all tests share what it makes. The stub is not Spark's own, and would be said not to be each time.
    SPARK_QUICK_START: options.stub ? 'off' : 'on',
    SPARK_QUICK_START_DIR: SPARK_START_DIR,
    WORKER_CONCURRENCY: options.stub ? '4' : '2',
    LOG_FILE: '',
    ...options.env,
  };
}

/** The environment of whoever runs the tests, without anything that would be a setting of DAS. */
function withoutSettings(env: NodeJS.ProcessEnv): Env {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !Object.hasOwn(SETTINGS, name) && !name.startsWith('VITEST')),
  );
}
