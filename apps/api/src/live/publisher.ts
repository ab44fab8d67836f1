import type { Database } from '@das/core/mongo/database';
import type { RunDocument } from '@das/core/mongo/documents';
import type { LaunchStore } from '@das/core/mongo/launch-store';
import type { RunQuery } from '@das/core/mongo/run-query';
import { presentScript } from '@das/core/mongo/script-store';
import type { ScriptStore } from '@das/core/mongo/script-store';
import type { WorkerRegistry } from '@das/core/mongo/worker-registry';
import type { RunView } from '../runs/run-view.ts';
import { presentWorker } from '../workers/worker-view.ts';
import type { Gathered } from './gatherer.ts';
import type { Rooms } from './rooms.ts';

export type PublisherParts = {
  db: Database;
  rooms: Rooms;
  runs: RunQuery;
  view: RunView;
  scripts: ScriptStore;
  launches: LaunchStore;
  registry: WorkerRegistry;
  onPublished: (lagMs: number) => void;
};

/** A batch larger than this is cheaper to fetch than to receive. */
const BATCH = 500;

/** Reads what changed, in one query a noun and only what somebody watches, and sends it to those who do. */
export class Publisher {
  readonly #parts: PublisherParts;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  async publish(changed: Gathered, oldestAt: Date): Promise<void> {
    const launchIds = await this.#publishRuns(changed.runs);
    for (const id of changed.launches) launchIds.add(id);
    await Promise.all([
      this.#publishScripts(changed.scripts),
      this.#publishWorkers(changed.workers),
      this.#publishLaunches(launchIds),
    ]);
    this.#parts.onPublished(this.#parts.db.clock.now().getTime() - oldestAt.getTime());
  }

  /** Answers the launches that the changed runs belong to: their counts have changed. */
  async #publishRuns(ids: ReadonlySet<string>): Promise<Set<string>> {
    const { rooms, runs, view } = this.#parts;
    const watchedLaunches = new Set(rooms.watchedIds('launch:'));
    const someoneCares = rooms.isWatched('runs') || rooms.isWatched('launches') || watchedLaunches.size > 0;
    if (ids.size > 0) await this.#publishWatchedRuns(ids);
    if (ids.size === 0 || !someoneCares) return new Set();
    if (ids.size > BATCH) rooms.resync('runs');
    const documents = await runs.summaries([...ids]);
    if (ids.size <= BATCH && rooms.isWatched('runs'))
      rooms.send('runs', 'run', { items: await view.summaries(documents) });
    const byLaunch = Map.groupBy(documents.filter(({ launchId }) => launchId !== null), (run) => run.launchId as string); // prettier-ignore
    for (const [launchId, members] of byLaunch) {
      if (watchedLaunches.has(launchId))
        rooms.send(`launch:${launchId}`, 'run', { items: await view.summaries(members) });
    }
    return new Set(byLaunch.keys());
  }

  /** With attempts, to `run:<id>`. Goes out before the list's version, which has the same `seq` and would hide it. */
  async #publishWatchedRuns(ids: ReadonlySet<string>): Promise<void> {
    const { rooms, runs, view } = this.#parts;
    const watched = rooms.watchedIds('run:').filter((id) => ids.has(id));
    if (watched.length === 0) return;
    const documents: RunDocument[] = await runs.complete(watched);
    for (const run of documents) rooms.send(`run:${run._id}`, 'run', { items: [await view.single(run)] });
  }

  async #publishScripts(paths: ReadonlySet<string>): Promise<void> {
    const { rooms, scripts } = this.#parts;
    if (paths.size === 0 || !rooms.isWatched('scripts')) return;
    if (paths.size > BATCH) return rooms.resync('scripts');
    const found = await scripts.findMany([...paths]);
    rooms.send('scripts', 'script', { items: [...found.values()].map(presentScript) });
  }

  async #publishWorkers(ids: ReadonlySet<string>): Promise<void> {
    const { rooms, registry } = this.#parts;
    if (ids.size === 0 || !rooms.isWatched('workers')) return;
    const workers = await registry.list();
    rooms.send('workers', 'worker', { items: workers.filter(({ _id }) => ids.has(_id)).map(presentWorker) });
  }

  async #publishLaunches(ids: ReadonlySet<string>): Promise<void> {
    const { rooms, launches } = this.#parts;
    const toAll = rooms.isWatched('launches');
    const wanted = [...ids].filter((id) => toAll || rooms.isWatched(`launch:${id}`));
    if (wanted.length === 0) return;
    if (wanted.length > BATCH) return rooms.resyncAll();
    const items = await launches.present(await launches.findMany(wanted));
    for (const launch of items) rooms.send(`launch:${launch.id}`, 'launch', { items: [launch] });
    if (toAll) rooms.send('launches', 'launch', { items });
  }
}
