import type { RunSummary } from '@das/contracts/run';
import type { Worker } from '@das/contracts/worker';

/** What a worker's runs need: never more places than it has; and those whose script is done, while log and end are written. */
export type Occupancy = { placed: readonly RunSummary[]; finishing: readonly RunSummary[] };

/**
 * Who has a place of a worker (ADR 24), in the order of `runs`, which is by age. Pure.
 *
 * A run that finishes has none, unless its worker says that it keeps it: only of a script that has completed is the place free at once.
 * The end of a quick one is told behind the next claim, without a word that it finishes. What started last is shown once there
 * is room then, a moment later: who it was that ended is not known before, and a run that goes on must not leave its place for that moment.
 */
export function occupancyOf(worker: Worker, runs: readonly RunSummary[]): Occupancy {
  const told = runs.filter(({ phase }) => phase === 'finishing');
  const keeps = told.filter(({ id }) => worker.running.includes(id));
  const running = runs
    .filter((run) => !told.includes(run))
    .toSorted(byStart)
    .slice(0, worker.concurrency);
  // Whose place is taken by another one keeps it no longer, whatever was heard of the worker last.
  const kept = keeps.slice(0, worker.concurrency - running.length);
  return {
    placed: runs.filter((run) => running.includes(run) || kept.includes(run)),
    finishing: told.filter((run) => !kept.includes(run)),
  };
}

function byStart(a: RunSummary, b: RunSummary): number {
  return Date.parse(a.startedAt ?? a.createdAt) - Date.parse(b.startedAt ?? b.createdAt);
}

/** Of the workers that take runs: what others still finish has no place that anything could get. */
export type Places = { total: number; used: number; free: number };

/** Counted from what the page shows of each worker, so that no total contradicts it. Pure. */
export function placesOf(workers: readonly Worker[], occupied: (worker: Worker) => Occupancy): Places {
  const places = { total: 0, used: 0, free: 0 };
  for (const worker of workers) {
    if (worker.state !== 'active') continue;
    const used = occupied(worker).placed.length;
    places.total += worker.concurrency;
    places.used += used;
    places.free += worker.concurrency - used;
  }
  return places;
}
