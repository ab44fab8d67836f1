import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { flushCompileCache } from 'node:module';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { API_SETTINGS, EXIT_CONFIG, InvalidSettings, loadSettings } from '@das/core/config/settings';
import type { ApiSettings } from '@das/core/config/settings';
import { createHdfs } from '@das/core/hdfs/client';
import { createLogger } from '@das/core/logging/logger';
import type { Logger } from '@das/core/logging/logger';
import { connectDatabase } from '@das/core/mongo/database';
import type { Database } from '@das/core/mongo/database';
import { DatabaseUnavailable, StandaloneMongo } from '@das/core/mongo/errors';
import { LeaseStore } from '@das/core/mongo/lease-store';
import { RunStore } from '@das/core/mongo/run-store';
import { RunQueue } from '@das/core/queue/run-queue';
import { Reconciler } from '@das/core/reconcile/reconciler';
import { releaseAfterBursts, releaseMemory } from '@das/core/process/release-memory';
import { demandTokenOffLoopback } from './session/listen-rule.ts';
import { startApi } from './start-api.ts';

/** Within this everything is closed after a signal (5 s are promised); what is not is left behind. Milliseconds. */
const SHUTDOWN_MS = 4000;
/** Of one operation of MongoDB: a call answers within 3 s, whatever is down. */
const MONGODB_MS = 2000;
const DASHBOARD = fileURLToPath(new URL('../../ui/build', import.meta.url));

async function main(): Promise<void> {
  const settings = readSettings();
  const { log, close: closeLog } = createLogger({
    level: settings.LOG_LEVEL,
    format: settings.LOG_FORMAT,
    file: settings.LOG_FILE,
  });
  const stopping = stopSignal();
  /** What was acquired, in that order; released in the reverse one. */
  const releases: (() => Promise<void>)[] = [];
  try {
    const db = await awaitDatabase(settings, log, stopping);
    releases.push(() => db.close());
    const queue = new RunQueue({
      redisUrl: settings.REDIS_URL,
      prefix: settings.QUEUE_PREFIX,
      log,
      now: () => db.clock.now().getTime(),
    });
    releases.push(() => queue.close());
    const hdfs = createHdfs({
      urls: settings.HDFS_URL,
      user: settings.HDFS_USER,
      deadlineMs: settings.HDFS_DEADLINE_MS,
    });
    const owner = `api ${hostname()}-${process.pid}`;
    const reconciler = new Reconciler({
      db, runs: new RunStore(db), leases: new LeaseStore(db, settings.LEASE_MS), queue, owner, leaseMs: settings.LEASE_MS,
      intervalMs: settings.RECONCILE_INTERVAL_MS, maxLosses: settings.MAX_LOSSES, retentionDays: settings.RETENTION_DAYS, log,
    }); // prettier-ignore
    releases.push(() => reconciler.stop());
    // Longer than clients and proxies hold an idle connection (Node's own 5 s end some just as they are used again).
    const http = createServer({ requestTimeout: 30_000, keepAliveTimeout: 75_000 });
    releases.push(startApi({ settings, env: process.env, db, queue, hdfs, http, dashboard: DASHBOARD, owner, log }));
    releaseMemory();
    releaseAfterBursts();
    const port = await listen(http, settings);
    log.info(
      `API listens on http://${settings.API_HOST.includes(':') ? `[${settings.API_HOST}]` : settings.API_HOST}:${port}`,
    );
    flushCompileCache(); // for the next start, where a cache is set
    await new Promise((resolve) => stopping.addEventListener('abort', resolve, { once: true }));
    log.info('The API stops');
  } catch (error) {
    if (!stopping.aborted) {
      log.fatal({ error }, 'The API cannot start');
      process.exitCode = error instanceof StandaloneMongo ? EXIT_CONFIG : 1;
    }
  }
  // It holds nothing up, but fires if something still does.
  setTimeout(() => process.exit(), SHUTDOWN_MS).unref();
  for (const release of releases.reverse())
    await release().catch((error: unknown) => log.warn({ error }, 'a release failed'));
  await closeLog();
}

/** All faults are told together; exits with 78. */
function readSettings(): ApiSettings {
  if (existsSync('.env')) process.loadEnvFile('.env');
  try {
    const settings = loadSettings(API_SETTINGS, process.env);
    demandTokenOffLoopback(settings.API_HOST, settings.API_TOKEN);
    return settings;
  } catch (error) {
    if (!(error instanceof InvalidSettings)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
}

function stopSignal(): AbortSignal {
  const abort = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => abort.abort(new Error(signal)));
  return abort.signal;
}

/** MongoDB may come up after the API: waits for it. Throws StandaloneMongo, and whatever waiting does not mend. */
async function awaitDatabase(settings: ApiSettings, log: Logger, stopping: AbortSignal): Promise<Database> {
  for (;;) {
    stopping.throwIfAborted();
    try {
      return await connectDatabase({
        uri: settings.MONGODB_URI,
        database: settings.MONGODB_DATABASE,
        collection: settings.MONGODB_COLLECTION,
        timeoutMs: MONGODB_MS,
        appName: 'das-api',
      });
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) throw error;
      log.warn({ error }, 'MongoDB does not answer; the API waits for it');
    }
    await sleep(1000, undefined, { signal: stopping });
  }
}

async function listen(http: Server, { API_HOST, API_PORT }: ApiSettings): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(API_PORT, API_HOST, resolve);
  });
  return (http.address() as AddressInfo).port;
}

void main();
