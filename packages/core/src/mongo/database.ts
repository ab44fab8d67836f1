import { MongoClient, MongoServerError } from 'mongodb';
import type { Collection, Db } from 'mongodb';
import type {
  ContentDocument,
  FairShareDocument,
  IdempotencyDocument,
  LaunchDocument,
  LeaseDocument,
  LockDocument,
  LogChunkDocument,
  LogDocument,
  RunDocument,
  ScanDocument,
  ScriptDocument,
  ScriptSettingsDocument,
  TallyDocument,
  VersionDocument,
  WorkerDocument,
} from './documents.ts';
import { DatabaseUnavailable, StandaloneMongo, translateMongoErrors } from './errors.ts';
import { ServerClock } from './server-clock.ts';

export type Collections = {
  scripts: Collection<ScriptDocument>;
  runs: Collection<RunDocument>;
  launches: Collection<LaunchDocument>;
  contents: Collection<ContentDocument>;
  leases: Collection<LeaseDocument>;
  workers: Collection<WorkerDocument>;
  scans: Collection<ScanDocument>;
  logs: Collection<LogDocument>;
  logChunks: Collection<LogChunkDocument>;
  idempotency: Collection<IdempotencyDocument>;
  locks: Collection<LockDocument>;
  fairShare: Collection<FairShareDocument>;
  tallies: Collection<TallyDocument>;
  dayTallies: Collection<TallyDocument>;
  versions: Collection<VersionDocument>;
  scriptSettings: Collection<ScriptSettingsDocument>;
};

export type Database = Collections & {
  client: MongoClient;
  db: Db;
  /** The server's time: what all stored times come from, so that no machine's own clock matters. */
  clock: ServerClock;
  /** Milliseconds until an answer. Throws DatabaseUnavailable. */
  ping: () => Promise<number>;
  close: () => Promise<void>;
};

export type DatabaseOptions = {
  uri: string;
  database: string;
  /** Collection of the tracked scripts. */
  collection: string;
  /** How long one operation may take, in milliseconds. */
  timeoutMs: number;
  appName: string;
  /**
   * `by caller`: the driver does not send a write again by itself, for which MongoDB would have to remember each (docs/adr/0022). For a caller
   * that goes on rightly when nobody knows whether a write happened. What the URI says of `retryWrites` comes first.
   */
  writesRetried?: 'by driver' | 'by caller';
};

/**
 * Connects, checks that it is a replica set (transactions and change streams need one) and makes the indexes.
 * Everything is written with majority and journal: what a caller was told is on disk.
 * Throws StandaloneMongo or DatabaseUnavailable.
 */
export async function connectDatabase(options: DatabaseOptions): Promise<Database> {
  const client = new MongoClient(options.uri, {
    appName: options.appName,
    ignoreUndefined: true,
    serverSelectionTimeoutMS: Math.min(options.timeoutMs, 5000),
    connectTimeoutMS: 2000,
    socketTimeoutMS: options.timeoutMs,
    waitQueueTimeoutMS: options.timeoutMs,
    heartbeatFrequencyMS: 2000,
    minPoolSize: 2,
    ...(options.writesRetried === 'by caller' && !/[?&]retryWrites=/i.test(options.uri) && { retryWrites: false }),
    writeConcern: { w: 'majority', journal: true },
    readConcern: { level: 'majority' },
  });
  const db = client.db(options.database);
  const database: Database = {
    client,
    db,
    clock: new ServerClock(() => readServerTime(client)),
    scripts: db.collection(options.collection),
    runs: db.collection('runs'),
    launches: db.collection('launches'),
    contents: db.collection('contents'),
    leases: db.collection('leases'),
    workers: db.collection('workers'),
    scans: db.collection('scans'),
    logs: db.collection('logs'),
    logChunks: db.collection('log_chunks'),
    idempotency: db.collection('idempotency'),
    locks: db.collection('locks'),
    fairShare: db.collection('fair_share'),
    tallies: db.collection('run_tallies'),
    dayTallies: db.collection('day_tallies'),
    versions: db.collection('script_versions'),
    scriptSettings: db.collection('script_settings'),
    ping: () => ping(db),
    close: () => client.close(),
  };
  try {
    await translateMongoErrors(() => prepare(database));
  } catch (error) {
    await client.close();
    throw error;
  }
  return database;
}

async function prepare(database: Database): Promise<void> {
  const hello = await database.client.db('admin').command({ hello: 1 });
  if (!hello['setName'] && hello['msg'] !== 'isdbgrid') throw new StandaloneMongo();
  await database.clock.synchronise();
  await createIndexes(database);
}

async function ping(db: Db): Promise<number> {
  const started = performance.now();
  await translateMongoErrors(() => db.command({ ping: 1 }));
  return performance.now() - started;
}

async function readServerTime(client: MongoClient): Promise<number> {
  const hello = await client.db('admin').command({ hello: 1 });
  const time: unknown = hello['localTime'];
  if (!(time instanceof Date)) throw new DatabaseUnavailable('MongoDB told no time');
  return time.getTime();
}

const DAY_SECONDS = 24 * 3600;
const INDEX_NOT_FOUND = 27;

/** Indexes for a million runs (design §6). Creating one that exists does nothing. */
async function createIndexes(database: Database): Promise<void> {
  const { runs, scripts, versions, leases, logChunks, idempotency, tallies, workers, launches, scans } = database;
  await Promise.all([
    runs.createIndexes([
      // What people ask of a state besides is read off the index: of many failed runs those of one script may be none.
      { key: { state: 1, _id: -1, 'submittedBy.id': 1, 'script.path': 1 }, name: 'in_state' },
      { key: { 'script.path': 1, _id: -1 } },
      { key: { launchId: 1, _id: -1 }, partialFilterExpression: { launchId: { $gt: '' } }, name: 'of_launch' },
      { key: { labels: 1, _id: -1 }, partialFilterExpression: { 'labels.key': { $exists: true } }, name: 'labelled' },
      { key: { 'submittedBy.id': 1, state: 1, _id: -1 }, name: 'of_submitter' },
      { key: { finishedAt: -1 }, partialFilterExpression: { finishedAt: { $gt: new Date(0) } }, name: 'finished' },
      { key: { createdAt: -1, state: 1 } },
      { key: { 'order.class': 1, 'order.tag': 1 }, partialFilterExpression: { state: 'queued' }, name: 'queue_order' },
      { key: { 'failure.kind': 1, _id: -1 }, partialFilterExpression: { 'failure.kind': { $exists: true } } },
      { key: { 'attempts.claims.workerId': 1, _id: -1 }, partialFilterExpression: { attemptCount: { $gt: 0 } } },
      { key: { nextAttemptAt: 1 }, partialFilterExpression: { state: 'retrying' }, name: 'due' },
    ]),
    scripts.createIndexes([{ key: { status: 1, _id: 1 } }, { key: { missing: 1, _id: 1 } }]),
    versions.createIndexes([{ key: { path: 1, sha256: 1 }, unique: true }, { key: { path: 1, _id: -1 } }]),
    leases.createIndexes([{ key: { expiresAt: 1 } }, { key: { workerId: 1 } }]),
    logChunks.createIndexes([
      { key: { runId: 1, attempt: 1, offset: 1 }, unique: true },
      { key: { runId: 1, attempt: 1, firstLine: 1, offset: 1 } },
    ]),
    tallies.createIndexes([{ key: { at: 1 }, partialFilterExpression: { counts: null }, name: 'open' }]),
    idempotency.createIndexes([{ key: { at: 1 }, expireAfterSeconds: DAY_SECONDS }]),
    workers.createIndexes([{ key: { lastSeenAt: 1 }, expireAfterSeconds: DAY_SECONDS }]),
    scans.createIndexes([{ key: { startedAt: 1 }, expireAfterSeconds: 30 * DAY_SECONDS }]),
    launches.createIndexes([{ key: { finishedAt: 1 } }]),
  ]);
  // What the ones above have replaced.
  const replaced = ['state_1', 'launchId_1', 'labels_1', 'submittedBy.id_1'].map((name) => `${name}__id_-1`);
  await Promise.all([...replaced, 'finishedAt_-1'].map((name) => dropIndex(runs, name)));
}

async function dropIndex(collection: Collection<RunDocument>, name: string): Promise<void> {
  await collection.dropIndex(name).catch((error: unknown) => {
    if (!(error instanceof MongoServerError && error.code === INDEX_NOT_FOUND)) throw error;
  });
}
