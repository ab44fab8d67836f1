import type { RunSummary } from '@das/contracts/run';
import type { Worker } from '@das/contracts/worker';

/** Of the workers that take runs: what others still finish has no place that anything could get. */
export type Places = { total: number; used: number; free: number };

/** Counted from what the page shows of each worker, so that no total contradicts it. Pure. */
export function placesOf(workers: readonly Worker[], runsOf: (worker: Worker) => readonly RunSummary[]): Places {
  const places = { total: 0, used: 0, free: 0 };
  for (const worker of workers) {
    if (worker.state !== 'active') continue;
    const used = runsOf(worker).length;
    places.total += worker.concurrency;
    places.used += used;
    places.free += Math.max(0, worker.concurrency - used);
  }
  return places;
}
