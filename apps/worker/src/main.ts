import { statfs } from 'node:fs/promises';
import { availableParallelism, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { EXIT_CONFIG, InvalidSettings, loadSettings, WORKER_SETTINGS } from '@das/core/config/settings';
import type { WorkerSettings } from '@das/core/config/settings';
import { newId } from '@das/core/domain/ids';
import { createHdfs } from '@das/core/hdfs/client';
import { createLogger } from '@das/core/logging/logger';
import type { Logger } from '@das/core/logging/logger';
import { connectDatabase } from '@das/core/mongo/database';
import { ClaimedTags } from '@das/core/mongo/fair-share-store';
import { LeaseStore } from '@das/core/mongo/lease-store';
import { LogStore } from '@das/core/mongo/log-store';
import { RunStore } from '@das/core/mongo/run-store';
import { WorkerRegistry } from '@das/core/mongo/worker-registry';
import { connectRedis } from '@das/core/queue/connection';
import { RunQueue } from '@das/core/queue/run-queue';
import { Reconciler } from '@das/core/reconcile/reconciler';
import { releaseMemory } from '@das/core/process/release-memory';
import { localMaster } from '@das/core/spark/submit-command';
import { ForkServer } from './execute/fork-server.ts';
import { LeaseKeeper } from './execute/lease-keeper.ts';
import { commonEnvironment } from './execute/child-environment.ts';
import { findPython } from './execute/supervisor.ts';
import { sweepLeftovers } from './execute/sweep.ts';
import { tryToStart } from './execute/trial.ts';
import { removeTree } from './remove-tree.ts';
import { takeScratch } from './scratch.ts';
import { QuickStart, type QuickStartOptions } from './spark-start/quick-start.ts';
import { Worker } from './worker.ts';

const VERSION = '0.1.0';
/** Less room than this in WORKER_DIR, or than this share of a small disk, and the worker claims nothing. */
const ROOM_BYTES = 64 * 1024 * 1024;
const ROOM_SHARE = 0.1;
/** Supervisors that wait for attempts: as many as may start at once before the cores are busy with that. */
const SPARES_PER_CORE = 2;
/** MongoDB's answer is waited for this long; well below the lease. */
const DATABASE_TIMEOUT_MS = 5000;

async function work(settings: WorkerSettings, log: Logger): Promise<void> {
  const id = `${hostname()}-${newId().slice(-10).toLowerCase()}`;
  const python = await findPython(settings.PYSPARK_PYTHON ?? 'python3');
  const db = await connectDatabase({
    uri: settings.MONGODB_URI,
    database: settings.MONGODB_DATABASE,
    collection: settings.MONGODB_COLLECTION,
    timeoutMs: Math.min(DATABASE_TIMEOUT_MS, settings.LEASE_MS / 3),
    appName: 'das-worker',
    writesRetried: 'by caller',
  });
  const registry = new WorkerRegistry(db);
  const onResidue = (error: unknown) => log.warn({ error }, 'what a worker left behind stays');
  const directory = await takeScratch(settings.WORKER_DIR, id, registry, onResidue);
  const hdfs = createHdfs({ urls: settings.HDFS_URL, user: settings.HDFS_USER, deadlineMs: settings.HDFS_DEADLINE_MS });
  const runs = new RunStore(db, 'behind');
  const leases = new LeaseStore(db, settings.LEASE_MS);
  const queue = new RunQueue({
    redisUrl: settings.REDIS_URL,
    prefix: settings.QUEUE_PREFIX,
    log,
    now: () => db.clock.now().getTime(),
  });
  const keeper = new LeaseKeeper(leases, settings.LEASE_MS, log);
  const reconciler = new Reconciler({
    db, runs, leases, queue, owner: id, leaseMs: settings.LEASE_MS, intervalMs: settings.RECONCILE_INTERVAL_MS,
    maxLosses: settings.MAX_LOSSES, retentionDays: settings.RETENTION_DAYS, log,
  }); // prettier-ignore
  const redis = connectRedis(settings.REDIS_URL, 'patient', log);
  const subscriber = connectRedis(settings.REDIS_URL, 'patient', log);

  const supervisors = await ForkServer.start({
    python,
    directory,
    spares: Math.min(settings.WORKER_CONCURRENCY, SPARES_PER_CORE * availableParallelism()),
    log: (line) => log.warn(line),
  });
  const swept = await sweepLeftovers(() => true, { graceMs: 2000 });
  if (swept.length > 0) log.warn({ pids: swept }, 'ended what a dead worker had left behind');

  const master = settings.SPARK_MASTER ?? localMaster(availableParallelism(), settings.WORKER_CONCURRENCY);
  const quickStart = quickStartOf(settings, { python, supervisors, log });
  const worker = new Worker({
    id, version: VERSION, startedAt: db.clock.now(), concurrency: settings.WORKER_CONCURRENCY,
    queuePrefix: settings.QUEUE_PREFIX, redis, subscriber, registry, keeper,
    job: {
      workerId: id, db, runs, leases, claimedTags: new ClaimedTags(db), keeper, hdfs, logs: new LogStore(db), supervisors, log, leaseMs: settings.LEASE_MS,
      maxLosses: settings.MAX_LOSSES, directory, python, environment: process.env, sparkSubmit: settings.SPARK_SUBMIT,
      master, propertiesFile: settings.SPARK_PROPERTIES_FILE, quickStart,
      killGraceMs: settings.KILL_GRACE_MS, logMaxBytes: settings.LOG_MAX_BYTES,
    },
    hasRoom: () => hasRoom(directory), tryToStart: () => tryToStart(directory, supervisors), log,
  }); // prettier-ignore
  releaseMemory();
  await worker.start();
  log.info({ worker: id, concurrency: settings.WORKER_CONCURRENCY }, 'worker ready');

  const stopping = new AbortController();
  const submit = { sparkSubmit: settings.SPARK_SUBMIT, master, propertiesFile: settings.SPARK_PROPERTIES_FILE };
  void quickStart?.warmUp(submit, commonEnvironment(process.env, python), stopping.signal);
  await stopRequested(() => worker.hurry());
  stopping.abort();
  await worker.drain(settings.DRAIN_GRACE_MS);
  await quickStart?.settled();
  await runs.settle();
  await supervisors[Symbol.asyncDispose]();
  await keeper.close();
  await reconciler.stop();
  await queue.close();
  redis.disconnect();
  subscriber.disconnect();
  await db.close();
  await removeTree(directory).catch(onResidue);
  log.info({ worker: id }, 'worker drained: safe to remove');
}

function quickStartOf(settings: WorkerSettings, means: Pick<QuickStartOptions, 'python' | 'supervisors' | 'log'>) {
  if (settings.SPARK_QUICK_START === 'off') return null;
  const directory = settings.SPARK_QUICK_START_DIR ?? join(settings.WORKER_DIR, 'spark-start');
  return new QuickStart({ ...means, directory: resolve(directory) });
}

/** Resolves at the first SIGTERM or SIGINT; later ones call `again`. */
function stopRequested(again: () => void): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const ask = () => {
      if (asked) again();
      asked = true;
      resolve();
    };
    process.on('SIGTERM', ask).on('SIGINT', ask);
  });
}

async function hasRoom(directory: string): Promise<boolean> {
  const { bavail, bsize, blocks } = await statfs(directory);
  return bavail * bsize >= Math.min(ROOM_BYTES, blocks * bsize * ROOM_SHARE);
}

function settingsOrExit(): WorkerSettings {
  try {
    process.loadEnvFile();
  } catch {
    // there is no .env
  }
  try {
    return loadSettings(WORKER_SETTINGS, process.env);
  } catch (error) {
    if (!(error instanceof InvalidSettings)) throw error;
    console.error(error.message);
    process.exit(EXIT_CONFIG);
  }
}

async function main(): Promise<void> {
  const settings = settingsOrExit();
  const { log, close } = createLogger({
    level: settings.LOG_LEVEL,
    format: settings.LOG_FORMAT,
    file: settings.LOG_FILE,
  });
  try {
    await work(settings, log);
  } catch (error) {
    log.fatal({ error }, 'the worker cannot go on');
    process.exitCode = 1;
  } finally {
    await close();
    process.exit();
  }
}

void main();
