import type { Overview } from '@das/contracts/system';
import type { Database } from './database.ts';
import type { WorkerDocument } from './documents.ts';
import { waitingReason } from './present-run.ts';
import { crewOf } from './worker-registry.ts';
import { RunQuery } from './run-query.ts';

const HOUR_MS = 3_600_000;
/** Waiting runs are told by reason up to this many, the oldest first: enough to see why the queue stands. */
const WAITING = 1000;
/** Quantiles are taken from the newest this many of the last hour's runs. */
const SAMPLE = 10_000;

type Quantiles = Overview['waitMs'];

/** Counts, rates and places right now, and how the last hour went. `workers` as the registry lists them. */
export async function readOverview(db: Database, workers: readonly WorkerDocument[]): Promise<Overview> {
  const now = db.clock.now();
  const lastHour = { finishedAt: { $gte: new Date(now.getTime() - HOUR_MS) } };
  const [counts, finished, sample, waiting] = await Promise.all([
    new RunQuery(db).counts(),
    db.runs.countDocuments(lastHour),
    db.runs
      .find(lastHour, { projection: { _id: 0, createdAt: 1, startedAt: 1, finishedAt: 1 } })
      .sort({ finishedAt: -1 })
      .limit(SAMPLE)
      .toArray(),
    readWaiting(db, workers),
  ]);
  const started = sample.filter(({ startedAt }) => startedAt !== null);
  const wait = started.map(({ createdAt, startedAt }) => span(createdAt, startedAt));
  const run = started.map(({ startedAt, finishedAt }) => span(startedAt, finishedAt));
  return {
    at: now.toISOString(),
    counts,
    finishedPerMinute: Math.round((finished / 60) * 100) / 100,
    waitMs: quantiles(wait),
    runMs: quantiles(run),
    ...capacity(workers),
    waiting,
  };
}

/** Ids are sorted by time, and the index of states holds them: nothing is sorted here. */
async function readWaiting(db: Database, workers: readonly WorkerDocument[]): Promise<Overview['waiting']> {
  const surroundings = { crew: crewOf(workers), now: db.clock.now() };
  const runs = await db.runs
    .find(
      { state: { $in: ['queued', 'retrying'] } },
      { projection: { state: 1, waiting: 1, nextAttemptAt: 1, createdAt: 1, 'script.path': 1 } },
    )
    .sort({ _id: 1 })
    .limit(WAITING)
    .toArray();
  const byReason: Overview['waiting']['byReason'] = {};
  for (const run of runs) {
    const reason = waitingReason(run, surroundings);
    byReason[reason] = (byReason[reason] ?? 0) + 1;
  }
  const [oldest] = runs;
  return {
    byReason,
    oldest: oldest ? { id: oldest._id, script: oldest.script.path, createdAt: oldest.createdAt.toISOString() } : null,
  };
}

function span(from: Date | null, to: Date | null): number {
  return from && to ? Math.max(0, to.getTime() - from.getTime()) : 0;
}

/** Nearest rank; null of nothing. */
export function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number | null => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
  return { p50: at(0.5), p95: at(0.95) };
}

/** Workers by state; places are those of the workers that take work. */
export function capacity(workers: readonly WorkerDocument[]): Pick<Overview, 'workers' | 'places'> {
  const byState: Overview['workers'] = {};
  const places = { total: 0, free: 0 };
  for (const { state, concurrency, running } of workers) {
    byState[state] = (byState[state] ?? 0) + 1;
    if (state !== 'active') continue;
    places.total += concurrency;
    places.free += Math.max(0, concurrency - running.length);
  }
  return { workers: byState, places };
}
