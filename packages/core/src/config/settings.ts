import { availableParallelism, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

/**
 * Every setting of DAS, in one place: name, rule, default, what it means. Each app picks the names it reads
 * (`loadSettings`); GET /settings and .env.example say the same.
 */
const text = z.string().min(1);
const optionalText = z
  .string()
  .optional()
  .transform((value) => value || undefined);
const list = z
  .string()
  .default('')
  .transform((value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean),
  );
function integer(fallback: number, min: number, max = Number.MAX_SAFE_INTEGER) {
  return z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .default(fallback);
}
function uri(...protocols: string[]) {
  return text.refine((value) => protocols.some((protocol) => value.startsWith(`${protocol}://`)), {
    message: `must start with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`,
  });
}
/** The longest that a timer of Node's can wait, 24.8 days: a longer one would go off at once. Milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;
function milliseconds(fallback: number, min: number) {
  return integer(fallback, min, LONGEST_MS);
}
/** A whole number; empty means none. */
function optionalInteger(min: number, max = Number.MAX_SAFE_INTEGER) {
  return z
    .string()
    .regex(/^\d*$/, 'must be a whole number, or empty')
    .default('')
    .transform((value) => (value === '' ? null : Number(value)))
    .pipe(z.number().min(min).max(max).nullable());
}

export const SETTINGS = {
  HDFS_URL: [
    list.default(['http://localhost:9870']).pipe(z.array(z.url({ protocol: /^https?$/ })).min(1)),
    'WebHDFS of the NameNode; a comma list where there are several (HA)',
  ],
  HDFS_USER: [text.default(userInfo().username), 'user.name sent to HDFS'],
  HDFS_SCRIPTS_DIR: [
    z
      .string()
      .regex(/^\/[^\0]*[^/\0]$/, 'must be an absolute path without a slash at its end')
      .default('/my_projects/scripts'),
    'Where the scripts lie in HDFS',
  ],
  HDFS_DEADLINE_MS: [milliseconds(30_000, 100), 'How long one HDFS operation may take'],
  MONGODB_URI: [uri('mongodb', 'mongodb+srv').default('mongodb://localhost:27017'), 'MongoDB, a replica set'],
  MONGODB_DATABASE: [text.default('project'), 'The database'],
  MONGODB_COLLECTION: [text.default('sample'), 'The collection of the tracked scripts'],
  REDIS_URL: [uri('redis', 'rediss').default('redis://localhost:6379'), 'Redis, for BullMQ'],
  QUEUE_PREFIX: [
    z
      .string()
      .regex(/^[\w-]{1,64}$/, 'letters, digits, - and _ only')
      .default('das'),
    "Prefix of DAS's keys in Redis",
  ],
  API_HOST: [text.default('127.0.0.1'), 'Address the API listens on'],
  API_PORT: [integer(8080, 0, 65_535), 'Port the API listens on; 0 takes a free one'],
  API_TOKEN: [
    optionalText.refine(
      (token) => token === undefined || /^[\x21-\x7e]+$/.test(token),
      'must be visible ASCII without blanks',
    ),
    'Needed of every caller when set',
  ],
  API_ALLOWED_HOSTS: [list, 'Host names (besides loopback) the API answers to'],
  WORKER_CONCURRENCY: [integer(availableParallelism(), 1, 256), 'Attempts one worker executes at once'],
  WORKER_DIR: [text.default(join(tmpdir(), 'das-worker')), 'Where a worker keeps scripts and logs while they run'],
  SPARK_SUBMIT: [text.default('spark-submit'), 'The spark-submit to run'],
  SPARK_MASTER: [optionalText, 'Spark master; default local[max(1, cores / concurrency)]'],
  SPARK_PROPERTIES_FILE: [optionalText, "The operator's own Spark defaults"],
  SPARK_QUICK_START: [
    z.enum(['on', 'off']).default('on'),
    'Start Spark without its launcher and with an archive of its classes; off = bin/spark-submit as it is',
  ],
  SPARK_QUICK_START_DIR: [optionalText, 'Where that archive (200 MB) is kept; default spark-start in WORKER_DIR'],
  SPARK_CONF_ALLOW: [list, 'More Spark settings that a run request may name'],
  PYSPARK_PYTHON: [optionalText, 'The Python that runs the scripts; default python3'],
  SCAN_INTERVAL_MS: [milliseconds(60_000, 100), 'How often HDFS is scanned'],
  DEFAULT_RETRIES: [integer(0, 0, 100), 'Retries where nobody says'],
  RUN_TIMEOUT_MS: [optionalInteger(1000, LONGEST_MS), 'Time-out of an attempt (ms) where nobody says; empty = none'],
  MAX_LOSSES: [integer(5, 0, 1000), 'Workers a run may lose before it fails'],
  RETENTION_DAYS: [optionalInteger(0), 'Days that ended runs are kept; empty = for ever'],
  LEASE_MS: [milliseconds(15_000, 3_500), 'How long a silent worker keeps its runs'],
  RECONCILE_INTERVAL_MS: [milliseconds(2_000, 50), 'How often stuck runs are looked for'],
  KILL_GRACE_MS: [milliseconds(10_000, 0), 'From SIGTERM to SIGKILL'],
  DRAIN_GRACE_MS: [milliseconds(600_000, 0), 'How long a worker that is told to stop lets its runs finish'],
  LOG_MAX_BYTES: [integer(64 * 1024 * 1024, 4096), 'Log kept per attempt: the first quarter and the last three'],
  LOG_LEVEL: [
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    'Lowest level logged',
  ],
  LOG_FILE: [z.string().default('logfile.log'), 'Log file beside the console; empty = console only'],
  LOG_FORMAT: [z.enum(['text', 'json']).default('text'), 'text = `timestamp - LEVEL - message`'],
} as const satisfies Record<string, readonly [z.ZodType, string]>;

export type SettingName = keyof typeof SETTINGS;
export type Settings<N extends SettingName = SettingName> = { [K in N]: z.output<(typeof SETTINGS)[K][0]> };

const LOGGING = ['LOG_LEVEL', 'LOG_FILE', 'LOG_FORMAT'] as const;
const STORES = [
  'HDFS_URL', 'HDFS_USER', 'HDFS_SCRIPTS_DIR', 'HDFS_DEADLINE_MS', 'MONGODB_URI', 'MONGODB_DATABASE', 'MONGODB_COLLECTION',
  'REDIS_URL', 'QUEUE_PREFIX', 'LEASE_MS', 'RECONCILE_INTERVAL_MS', 'MAX_LOSSES', 'RETENTION_DAYS',
] as const; // prettier-ignore
export const API_SETTINGS = [
  ...STORES, ...LOGGING, 'API_HOST', 'API_PORT', 'API_TOKEN', 'API_ALLOWED_HOSTS', 'SCAN_INTERVAL_MS', 'DEFAULT_RETRIES',
  'RUN_TIMEOUT_MS', 'SPARK_CONF_ALLOW', 'SPARK_SUBMIT', 'SPARK_MASTER', 'SPARK_PROPERTIES_FILE', 'WORKER_CONCURRENCY',
] as const; // prettier-ignore
export const WORKER_SETTINGS = [
  ...STORES, ...LOGGING, 'WORKER_CONCURRENCY', 'WORKER_DIR', 'SPARK_SUBMIT', 'SPARK_MASTER', 'SPARK_PROPERTIES_FILE',
  'SPARK_QUICK_START', 'SPARK_QUICK_START_DIR', 'PYSPARK_PYTHON', 'KILL_GRACE_MS', 'DRAIN_GRACE_MS', 'LOG_MAX_BYTES',
] as const; // prettier-ignore
export type ApiSettings = Settings<(typeof API_SETTINGS)[number]>;
export type WorkerSettings = Settings<(typeof WORKER_SETTINGS)[number]>;

/** Settings that are wrong, all of them at once. */
export class InvalidSettings extends Error {
  override name = 'InvalidSettings';
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(`These settings are not valid:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/** Exit status of a start that failed because of its configuration (sysexits.h, EX_CONFIG). */
export const EXIT_CONFIG = 78;

/** Reads `names` from `env`; an empty value counts as not given, except where empty has a meaning. Throws InvalidSettings. */
export function loadSettings<const N extends readonly SettingName[]>(
  names: N,
  env: Record<string, string | undefined>,
): Settings<N[number]> {
  const faults: string[] = [];
  const settings: Partial<Record<SettingName, unknown>> = {};
  for (const name of names) {
    const given = name === 'LOG_FILE' ? env[name] : env[name] || undefined;
    const parsed = SETTINGS[name][0].safeParse(given);
    if (parsed.success) settings[name] = parsed.data;
    else faults.push(`${name}: ${parsed.error.issues.map((issue) => issue.message).join('; ')}`);
  }
  if (faults.length > 0) throw new InvalidSettings(faults);
  return settings as Settings<N[number]>;
}
