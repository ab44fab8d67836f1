import { newIdAt } from '@das/core/domain/ids';
import { sha256Of } from '@das/core/domain/version';
import type { Database } from '@das/core/mongo/database';
import type { AttemptDocument, EventDocument, RunDocument } from '@das/core/mongo/documents';
import { lastRunOf } from '@das/core/mongo/last-run';
import { newRunDocument } from '@das/core/mongo/new-run';
import { closeMinutes } from '@das/core/mongo/run-tally-closing';

/** What a team's archive looks like: 500 scripts in 20 directories, 20 people, 50 labels, launches of 100, over 90 days. */
const SCRIPTS = 500;
const SUBMITTERS = 20;
const LABELS = 50;
const LAUNCH_OF = 100;
const SPAN_MS = 90 * 24 * 3_600_000;
const BATCH = 2000;
/** One in a thousand ran out of memory, one in ten thousand fell to a signal: what is looked for is rare. */
const KINDS = [
  { one: 10_000, kind: 'signal', summary: 'spark-submit was killed by signal 9' },
  { one: 1_000, kind: 'out_of_memory', summary: 'java.lang.OutOfMemoryError: Java heap space' },
  { one: 20, kind: 'python_error', summary: 'ValueError: no such partition 2026-11-20' },
  { one: 30, kind: 'exit_code', summary: 'the script ended with exit code 3' },
] as const;

export type Archive = {
  scripts: string[];
  /** The newest, one from the middle, the oldest. */
  runs: string[];
  launch: string;
  worker: string;
};

/** Fills a database with `count` runs that have ended, and with the scripts and tallies that belong to them. */
export async function fillArchive(db: Database, scriptsDir: string, count: number): Promise<Archive> {
  const scripts = Array.from({ length: SCRIPTS }, (_, n) => `${scriptsDir}/team-${n % 20}/report_${n}.py`);
  const end = db.clock.now().getTime() - 3_600_000;
  const marks = new Map([0, Math.floor(count / 2), count - 1].map((index) => [index, '']));
  const newest = new Map<string, RunDocument>();
  let launch = '';
  const batchAt = async (at: number): Promise<void> => {
    const runs = Array.from({ length: Math.min(BATCH, count - at) }, (_, n) => {
      const index = at + n;
      if (index % LAUNCH_OF === 0) launch = newIdAt(timeOf(index));
      return pastRun(index, scripts, launch, new Date(timeOf(index)));
    });
    runs.forEach((run, n) => marks.has(at + n) && marks.set(at + n, run._id));
    for (const run of runs) newest.set(run.script.path, run);
    await db.runs.insertMany(runs, { ordered: false, writeConcern: { w: 1 } });
  };
  const timeOf = (index: number): number => Math.floor(end - SPAN_MS + (index / count) * SPAN_MS);
  const writing = new Set<Promise<void>>();
  for (let at = 0; at < count; at += BATCH) {
    const batch = batchAt(at).finally(() => writing.delete(batch));
    writing.add(batch);
    if (writing.size >= 3) await Promise.race(writing);
  }
  await Promise.all(writing);
  await trackScripts(db, newest);
  await tallyAll(db);
  return { scripts, runs: [...marks.values()], launch, worker: workerOf(count - 1) };
}

function pastRun(index: number, scripts: readonly string[], launchId: string, createdAt: Date): RunDocument {
  const path = scripts[(index * 7919) % SCRIPTS] as string;
  const run = newRun(index, path, index % 2 === 0 ? launchId : null, createdAt);
  return { ...run, _id: newIdAt(createdAt.getTime()), ...endOf(run, index) };
}

function newRun(index: number, path: string, launchId: string | null, now: Date): RunDocument {
  const manifest = [{ role: 'script' as const, path, sha256: sha256Of(path), size: 2048 }];
  return newRunDocument({
    manifest,
    effective: {
      args: ['--day', `2026-${index % 12}-${index % 28}`, '--input', `hdfs:///warehouse/events/part-${index % 997}`],
      conf: { 'spark.executor.memory': '4g', 'spark.sql.shuffle.partitions': '400' },
      pyFiles: [],
      files: [],
      target: 'local',
      retries: { max: 2, backoff: 'exponential', delayMs: 1000, maxDelayMs: 60_000, jitter: 0.1, notOn: null },
      timeoutMs: 3_600_000,
      priority: 4,
      startup: 'standard',
      labels: { team: `team-${index % LABELS}`, nightly: 'yes' },
    },
    submittedBy: { id: `person-${index % SUBMITTERS}`, via: 'header' },
    launchId,
    rerunOf: null,
    tag: index,
    now,
  });
}

function endOf(run: RunDocument, index: number): Partial<RunDocument> {
  const startedAt = new Date(run.createdAt.getTime() + 800);
  const finishedAt = new Date(startedAt.getTime() + 20_000 + (index % 300) * 1000);
  const kind = KINDS.find(({ one }) => index % one === one - 1);
  const state = kind ? 'failed' : index % 50 === 7 ? 'cancelled' : 'completed';
  const failure = kind && { kind: kind.kind, summary: kind.summary, excerpt: `Traceback\n${kind.summary}` };
  const attempt: AttemptDocument = {
    n: 1, state, phase: 'finishing', claims: [{ workerId: workerOf(index), from: startedAt, to: finishedAt }],
    startedAt, submittedAt: startedAt, runningAt: startedAt, finishedAt, exitCode: kind ? 1 : 0, signal: null,
    ...(failure && { failure }), sparkAppId: `local-${startedAt.getTime()}`, trackingUrl: null, logSize: 4096,
    command: ['spark-submit', '--master', 'local[2]', '--conf', 'spark.executor.memory=4g', run.script.path, ...run.args],
  }; // prettier-ignore
  const event = (at: Date, type: string, from: RunDocument['state'], to: RunDocument['state']): EventDocument => ({
    at, actor: workerOf(index), type, from, to, reason: `attempt 1 on ${workerOf(index)}`,
  }); // prettier-ignore
  return {
    state, seq: 4, fencingToken: 1, startedAt, finishedAt, attemptCount: 1, attempts: [attempt],
    failures: kind ? 1 : 0, failure: failure ?? null,
    result: { exitCode: kind ? 1 : 0, tail: 'rows written: 1048576\n'.repeat(8) },
    events: [...run.events, event(startedAt, 'claim', 'queued', 'running'), event(finishedAt, state === 'completed' ? 'complete' : 'fail', 'running', state)],
  }; // prettier-ignore
}

/** A thousand workers lived in that time, one after the other. */
function workerOf(index: number): string {
  return `worker-${Math.floor(index / 1000) % 1000}`;
}

async function trackScripts(db: Database, newest: ReadonlyMap<string, RunDocument>): Promise<void> {
  await db.scripts.insertMany(
    [...newest].map(([path, run]) => ({
      _id: path,
      name: path.slice(path.lastIndexOf('/') + 1),
      directory: path.slice(0, path.lastIndexOf('/')),
      size: run.script.size,
      modifiedAt: run.createdAt,
      fileId: 1,
      sha256: run.script.sha256,
      pinned: null,
      status: run.state === 'failed' ? ('failed' as const) : ('success' as const),
      missing: false,
      firstSeenAt: run.createdAt,
      lastRun: lastRunOf(run),
    })),
  );
}

/** Stores runs that wait, without jobs in Redis; answers their ids. */
export async function queuedRuns(db: Database, scriptsDir: string, count: number): Promise<string[]> {
  const runs = Array.from({ length: count }, (_, index) => newRun(index, `${scriptsDir}/job.py`, null, db.clock.now()));
  await db.runs.insertMany(runs);
  return runs.map(({ _id }) => _id);
}

/** What the reconciler does every ten seconds, until it has nothing left to do. */
async function tallyAll(db: Database): Promise<void> {
  await Promise.all([db.tallies.deleteMany({}), db.dayTallies.deleteMany({})]);
  for (let before = -1, after = 0; before !== after;) {
    before = after;
    await closeMinutes(db);
    after = (await db.tallies.estimatedDocumentCount()) + (await db.dayTallies.estimatedDocumentCount());
  }
}
