import type { Server } from 'node:http';
import { availableParallelism } from 'node:os';
import type { ApiSettings } from '@das/core/config/settings';
import type { Hdfs } from '@das/core/hdfs/client';
import type { Logger } from '@das/core/logging/logger';
import { ContentStore } from '@das/core/mongo/content-store';
import type { Database } from '@das/core/mongo/database';
import { Idempotency } from '@das/core/mongo/idempotency';
import { LaunchStore } from '@das/core/mongo/launch-store';
import { LogLines } from '@das/core/mongo/log-lines';
import { LogStore } from '@das/core/mongo/log-store';
import { readOverview } from '@das/core/mongo/overview';
import { readCauses } from '@das/core/mongo/run-causes';
import { RunQuery } from '@das/core/mongo/run-query';
import type { RunFilter } from '@das/core/mongo/run-condition';
import { RunStore } from '@das/core/mongo/run-store';
import { ScriptSettingsStore } from '@das/core/mongo/script-settings-store';
import { VersionStore } from '@das/core/mongo/version-store';
import { ScanStore } from '@das/core/mongo/scan-store';
import { ScriptStore } from '@das/core/mongo/script-store';
import { WorkerRegistry } from '@das/core/mongo/worker-registry';
import type { RunQueue } from '@das/core/queue/run-queue';
import { Scanner } from '@das/core/scan/scanner';
import { localMaster } from '@das/core/spark/submit-command';
import { healthEndpoints } from './health/endpoints.ts';
import { Metrics } from './health/metrics.ts';
import { describeSettings } from './health/settings-in-force.ts';
import { createApplication } from './http/application.ts';
import { protectDashboard, serveDashboard } from './http/dashboard.ts';
import { hostRules } from './http/host-rules.ts';
import type { Endpoint } from './http/implement.ts';
import { recent } from './http/recent.ts';
import { launchEndpoints } from './launches/endpoints.ts';
import { startLiveUpdates } from './live/live-updates.ts';
import { logEndpoints } from './logs/endpoints.ts';
import { lineEndpoints } from './logs/line-endpoints.ts';
import { Cancellation } from './runs/cancellation.ts';
import { bulkEndpoint } from './runs/bulk-endpoint.ts';
import { runEndpoints } from './runs/endpoints.ts';
import { FileIntake } from './runs/file-intake.ts';
import { FileLookUp } from './runs/file-look-up.ts';
import { Pinning } from './runs/pinning.ts';
import { RunView } from './runs/run-view.ts';
import { Submission } from './runs/submission.ts';
import { SavedLevel } from './runs/saved-level.ts';
import { scriptEndpoints } from './scripts/endpoints.ts';
import { historyEndpoints } from './scripts/history-endpoints.ts';
import { settingsEndpoints } from './scripts/settings-endpoints.ts';
import { Preview } from './scripts/preview.ts';
import { sessionEndpoints } from './session/endpoints.ts';
import { Gate } from './session/gate.ts';
import { WorkerView } from './workers/worker-view.ts';
import { workerEndpoints } from './workers/endpoints.ts';

export type ApiOptions = {
  settings: ApiSettings;
  env: Record<string, string | undefined>;
  db: Database;
  queue: RunQueue;
  hdfs: Hdfs;
  http: Server;
  /** Folder of the built dashboard; it may be missing. */
  dashboard: string;
  /** Who this process is, for locks. */
  owner: string;
  log: Logger;
};

/** Wires the nouns onto an HTTP server, and starts scanning and live updates. Answers what stops it all. */
export function startApi(options: ApiOptions): () => Promise<void> {
  const { settings, db, queue, hdfs, http, log } = options;
  const stores = {
    runs: new RunStore(db),
    query: new RunQuery(db),
    scripts: new ScriptStore(db),
    contents: new ContentStore(db),
    versions: new VersionStore(db),
    scriptSettings: new ScriptSettingsStore(db),
    launches: new LaunchStore(db),
    scans: new ScanStore(db),
    logs: new LogStore(db),
    lines: new LogLines(db),
    registry: new WorkerRegistry(db),
    idempotency: new Idempotency(db),
  };
  const workers = new WorkerView(stores.registry);
  const view = new RunView(workers, stores.query, () => db.clock.now());
  const overview = recent(1000, async () => readOverview(db, await workers.list()));
  const metrics = new Metrics(overview);
  const gate = new Gate(settings.API_TOKEN);
  const hosts = hostRules(settings.API_HOST, settings.API_ALLOWED_HOSTS);
  const scanner = new Scanner({
    db, hdfs, scriptsDir: settings.HDFS_SCRIPTS_DIR, intervalMs: settings.SCAN_INTERVAL_MS, deadlineMs: settings.HDFS_DEADLINE_MS, owner: options.owner, log,
  }); // prettier-ignore
  const { contents, scripts } = stores;
  const pinning = new Pinning({
    lookUp: new FileLookUp(hdfs),
    intake: new FileIntake({ hdfs, contents, scripts }),
    contents,
    scripts,
    now: () => db.clock.now(),
  });
  const platform = { retries: settings.DEFAULT_RETRIES, timeoutMs: settings.RUN_TIMEOUT_MS };
  const rules = { scriptsDir: settings.HDFS_SCRIPTS_DIR, extraConf: settings.SPARK_CONF_ALLOW };
  const command = {
    sparkSubmit: settings.SPARK_SUBMIT,
    master: settings.SPARK_MASTER ?? localMaster(availableParallelism(), settings.WORKER_CONCURRENCY),
    propertiesFile: settings.SPARK_PROPERTIES_FILE,
  };
  const parts = {
    ...stores, db, hdfs, view, causes: (filter: RunFilter) => readCauses(db, filter), scanner, rules, command,
    submission: new Submission({ db, runs: stores.runs, queue, pinning, platform, saved: new SavedLevel(stores.scriptSettings, rules), log }),
    cancellation: new Cancellation({ db, runs: stores.runs, query: stores.query, launches: stores.launches, queue }),
    preview: new Preview({ pinning, contents: stores.contents, scripts: stores.scripts }),
  }; // prettier-ignore
  const endpoints: Endpoint[] = [
    ...scriptEndpoints(parts),
    ...historyEndpoints(parts),
    ...settingsEndpoints(parts),
    ...runEndpoints(parts),
    bulkEndpoint(parts),
    ...launchEndpoints(parts),
    ...logEndpoints(parts),
    ...lineEndpoints(parts),
    ...workerEndpoints(workers),
    ...sessionEndpoints(gate),
    ...healthEndpoints({
      dependencies: { db, queue, hdfs, workers },
      metrics,
      readOverview: overview,
      settings: describeSettings(settings, options.env),
    }),
  ];
  const application = createApplication({
    endpoints, gate, hosts, protection: protectDashboard(options.dashboard), dashboard: serveDashboard(options.dashboard), log, onAnswer: (answer) => metrics.observeAnswer(answer),
  }); // prettier-ignore
  http.on('request', application);
  const feed = {
    uri: settings.MONGODB_URI,
    database: settings.MONGODB_DATABASE,
    scriptsCollection: settings.MONGODB_COLLECTION,
  };
  const live = startLiveUpdates({
    http, hosts, gate, feed, db, log, view, runs: stores.query, scripts: stores.scripts, launches: stores.launches, registry: stores.registry, logs: stores.logs, onPublished: (lagMs) => metrics.setFeedLag(lagMs),
  }); // prettier-ignore
  metrics.countSockets(live.sockets);
  scanner.start();
  return async () => {
    // Stopping the sockets closes the HTTP server, too.
    const stopped = Promise.all([live.stop(), scanner.stop()]);
    http.closeIdleConnections();
    await stopped;
  };
}
