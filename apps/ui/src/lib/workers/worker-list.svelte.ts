import type { RunSummary } from '@das/contracts/run';
import type { Worker } from '@das/contracts/worker';
import { listAllRuns } from '../api/runs.ts';
import { listWorkers } from '../api/system.ts';
import { byId } from '../live/by-key.ts';
import { Watch } from '../live/watch.svelte.ts';
import { occupancyOf, placesOf } from './places.ts';
import type { Occupancy } from './places.ts';

/** A worker that has gone silent says nothing, so it is looked for. Milliseconds. */
const LOOK_MS = 5000;

const NOBODY: Occupancy = { placed: [], finishing: [] };

/** The workers and what each runs, live. */
export class WorkerList {
  workers = $state.raw<Worker[]>([]);
  /** The runs that a worker drives, by id: they have a place, or finish. */
  runs = $state.raw<ReadonlyMap<string, RunSummary>>(byId([]));
  readonly watch = new Watch({
    topics: ['workers', 'runs'],
    fetch: async (signal) => {
      const [workers, runs] = await Promise.all([
        listWorkers(signal),
        listAllRuns({ state: 'running,cancelling' }, signal),
      ]);
      this.workers = inOrder(workers.items);
      this.runs = byId(runs);
    },
    handlers: {
      worker: ({ items }) => {
        const held = byId(this.workers);
        for (const worker of items) held.set(worker.id, worker);
        this.workers = inOrder([...held.values()]);
      },
      run: ({ items }) => this.#apply(items),
    },
  });

  readonly there = $derived(this.workers.filter((worker) => !isGone(worker)));
  readonly gone = $derived(this.workers.filter(isGone));
  /** By worker: who has its places, told by the runs themselves, which are newer than its last heartbeat. */
  readonly #occupancies = $derived.by(() => {
    // By age, so that a run keeps its place while others come and go after it.
    const runs = [...this.runs.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    const byWorker = Map.groupBy(runs, ({ workerId }) => workerId);
    return byId(
      this.workers.map((worker) => ({ id: worker.id, ...occupancyOf(worker, byWorker.get(worker.id) ?? []) })),
    );
  });
  readonly places = $derived(placesOf(this.workers, (worker) => this.occupancyOf(worker)));
  /** The runs that have a place. */
  readonly placed = $derived([...this.#occupancies.values()].flatMap(({ placed }) => placed));

  /** Begins; the answer ends it. Made for `$effect`. */
  start(): () => void {
    const stop = this.watch.start();
    const timer = setInterval(() => {
      if (!document.hidden && this.watch.status === 'ready') void this.#look();
    }, LOOK_MS);
    return () => {
      clearInterval(timer);
      stop();
    };
  }

  async #look(): Promise<void> {
    try {
      this.workers = inOrder((await listWorkers()).items);
    } catch {
      // The connection's own banner tells that the API is away.
    }
  }

  /** Of one of `workers`. */
  occupancyOf(worker: Worker): Occupancy {
    return this.#occupancies.get(worker.id) ?? NOBODY;
  }

  #apply(items: readonly RunSummary[]): void {
    const held = byId([...this.runs.values()]);
    for (const run of items) {
      if (run.state === 'running' || run.state === 'cancelling') held.set(run.id, run);
      else held.delete(run.id);
    }
    this.runs = held;
  }
}

const isGone = ({ state }: Worker) => state === 'gone' || state === 'drained';

/** Those that serve first, then by age. */
function inOrder(workers: Worker[]): Worker[] {
  const rank = { active: 0, draining: 1, unhealthy: 2, drained: 3, gone: 4 };
  return workers.sort((a, b) => rank[a.state] - rank[b.state] || (a.startedAt < b.startedAt ? -1 : 1));
}
