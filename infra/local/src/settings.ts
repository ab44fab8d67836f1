import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, parseEnv } from 'node:util';
import { withJava } from './machine.ts';
import { allParts, type Part } from './prepare.ts';

/** The repository: the folder that holds infra/local. */
export const repositoryRoot = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

export interface LaunchSettings {
  root: string;
  /** Everything the stack writes lies here. */
  home: string;
  runtimeDir: string;
  workers: number;
  servicesOnly: boolean;
  /** Parts that no URI in the environment replaces. */
  embedded: Set<Part>;
  hdfsUser: string;
  scriptsDir: string;
  /** Absolute; undefined: console only. */
  logFile: string | undefined;
  logFormat: 'text' | 'json';
  api: { host: string; port: number };
  /** How long a worker may take to end before it is killed. */
  workerStopMs: number;
  /** The user's environment over the repository's .env. */
  env: NodeJS.ProcessEnv;
}

/** A wrong option or setting; one line. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** The environment that replaces each embedded part. */
const REPLACES: Record<Part, string> = {
  redis: 'REDIS_URL',
  mongodb: 'MONGODB_URI',
  hdfs: 'HDFS_URL',
  spark: 'SPARK_SUBMIT',
};

/** Embedded workers give their runs back soon: whoever typed Ctrl-C waits for it. */
const DRAIN_GRACE_MS = '3000';

export function readEnvironment(root: string, processEnv: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const file = join(root, '.env');
  return { ...(existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}), ...processEnv };
}

export function homeOf(root: string, env: NodeJS.ProcessEnv): string {
  return resolve(root, env['DAS_HOME'] || '.das');
}

export function runtimeDirOf(root: string, env: NodeJS.ProcessEnv): string {
  return env['DAS_RUNTIME'] ? resolve(root, env['DAS_RUNTIME']) : join(homeOf(root, env), 'runtime');
}

export function embeddedParts(env: NodeJS.ProcessEnv): Set<Part> {
  return new Set(allParts.filter((part) => !env[REPLACES[part]]));
}

export function launchSettings(root: string, env: NodeJS.ProcessEnv, args: string[]): LaunchSettings {
  const options = parseOptions(args);
  const home = homeOf(root, env);
  const logFile = env['LOG_FILE'] ?? 'logfile.log';
  return {
    root,
    home,
    runtimeDir: runtimeDirOf(root, env),
    ...options,
    embedded: embeddedParts(env),
    hdfsUser: env['HDFS_USER'] || userInfo().username,
    scriptsDir: env['HDFS_SCRIPTS_DIR'] || '/my_projects/scripts',
    logFile: logFile === '' ? undefined : resolve(root, logFile),
    logFormat: env['LOG_FORMAT'] === 'json' ? 'json' : 'text',
    api: { host: env['API_HOST'] || '127.0.0.1', port: wholeNumber('API_PORT', env['API_PORT'] || '8080', 0, 65_535) },
    workerStopMs:
      wholeNumber('DRAIN_GRACE_MS', env['DRAIN_GRACE_MS'] || DRAIN_GRACE_MS, 0, 3_600_000) +
      wholeNumber('KILL_GRACE_MS', env['KILL_GRACE_MS'] || '10000', 0, 3_600_000) +
      5_000,
    env,
  };
}

function parseOptions(args: string[]): { workers: number; servicesOnly: boolean } {
  try {
    const { values } = parseArgs({
      args,
      options: { workers: { type: 'string', default: '1' }, 'services-only': { type: 'boolean', default: false } },
    });
    return { workers: wholeNumber('--workers', values.workers, 0, 64), servicesOnly: values['services-only'] };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${(error as Error).message} (options: --workers N, --services-only)`);
  }
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`${name} must be a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`);
}

/** Where the parts of a running stack are, embedded or given. */
export interface StackAddresses {
  redisUrl: string;
  mongodbUri: string;
  hdfsUrl: string;
  /** Unknown (null) for a given HDFS. */
  hdfsRpcUrl: string | null;
  sparkSubmit: string;
}

/** The environment of the API and the workers: what the stack knows, over which the user's own settings win. */
export function appEnvironment(
  settings: LaunchSettings,
  addresses: StackAddresses,
  spark: { propertiesFile: string; home: string | undefined; python: string | undefined; java: string | undefined },
): NodeJS.ProcessEnv {
  const env = spark.java ? withJava(settings.env, spark.java) : settings.env;
  const sparkHome = spark.home ? { SPARK_HOME: spark.home } : {}; // the embedded one, not another Spark's of this machine
  return {
    WORKER_CONCURRENCY: String(availableParallelism()),
    DRAIN_GRACE_MS,
    SPARK_PROPERTIES_FILE: spark.propertiesFile,
    SPARK_LOCAL_IP: '127.0.0.1',
    ...(spark.python ? { PYSPARK_PYTHON: spark.python } : {}),
    ...env,
    ...sparkHome,
    HDFS_URL: addresses.hdfsUrl,
    HDFS_USER: settings.hdfsUser,
    HDFS_SCRIPTS_DIR: settings.scriptsDir,
    MONGODB_URI: addresses.mongodbUri,
    REDIS_URL: addresses.redisUrl,
    SPARK_SUBMIT: addresses.sparkSubmit,
    API_HOST: settings.api.host,
    // The launcher is the one writer of the log file.
    LOG_FILE: '',
  };
}
