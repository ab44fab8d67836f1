import type { Launch, RunCounts } from '@das/contracts/launch';
import { isTerminal } from '@das/contracts/states';
import type { LaunchState, RunState } from '@das/contracts/states';
import type { ClientSession } from 'mongodb';
import type { Database } from './database.ts';
import type { LaunchDocument, RunDocument } from './documents.ts';
import { cutPage } from './keyset.ts';
import type { Keyset, KeysetPage } from './keyset.ts';

type LaunchRun = { _id: string; launchId: string | null; state: RunState; rerunOf: string | null };

/** An item of a launch has a newer run than the one that was to be run again. */
export class ItemReplaced extends Error {
  override name = 'ItemReplaced';
}

/** Launches: the runs that were submitted together. */
export class LaunchStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async insert(launch: LaunchDocument, session?: ClientSession): Promise<void> {
    await this.#db.launches.insertOne(launch, session ? { session } : {});
  }

  find(id: string): Promise<LaunchDocument | null> {
    return this.#db.launches.findOne({ _id: id });
  }

  findMany(ids: readonly string[]): Promise<LaunchDocument[]> {
    return this.#db.launches.find({ _id: { $in: [...ids] } }).toArray();
  }

  async list({ limit, after }: Keyset): Promise<KeysetPage<LaunchDocument>> {
    const read = await this.#db.launches
      .find(after === undefined ? {} : { _id: { $lt: after } })
      .sort({ _id: -1 })
      .limit(limit + 1)
      .toArray();
    return cutPage(read, limit);
  }

  /** With their counts: stored ones where the launch is finished, else counted now. */
  async present(launches: readonly LaunchDocument[]): Promise<Launch[]> {
    const open = launches.filter(({ finishedAt, counts }) => finishedAt === null || counts === null);
    const counted = await this.#count(open.map(({ _id }) => _id));
    return launches.map((launch) => presentLaunch(launch, counted.get(launch._id) ?? launch.counts ?? {}));
  }

  /** The ids of a launch's runs that have not ended. */
  async activeRuns(id: string): Promise<string[]> {
    const found = await this.#db.runs
      .find({ launchId: id, state: { $nin: ['completed', 'failed', 'cancelled'] } }, { projection: { _id: 1 } })
      .sort({ _id: -1 })
      .toArray();
    return found.map(({ _id }) => _id);
  }

  /** The newest run of each item, oldest first. */
  async newestRuns(id: string): Promise<Pick<RunDocument, '_id' | 'state'>[]> {
    const runs = await this.#db.runs
      .find({ launchId: id })
      .project<LaunchRun>({ launchId: 1, state: 1, rerunOf: 1 })
      .sort({ _id: 1 })
      .toArray();
    return newestOf(runs);
  }

  /**
   * A repair adds `runs` to a launch: it is active again. In the transaction that stores them. Throws ItemReplaced when
   * one of the items was run again meanwhile (two repairs at once meet at the launch's document).
   */
  async reopen(id: string, runs: readonly RunDocument[], session: ClientSession): Promise<void> {
    const reopened = { $set: { finishedAt: null, counts: null }, $inc: { repairs: 1 } };
    await this.#db.launches.updateOne({ _id: id }, reopened, { session });
    const rerunOf = { $in: runs.flatMap((run) => run.rerunOf ?? []) };
    const mine = runs.map(({ _id }) => _id);
    const other = await this.#db.runs.findOne(
      { launchId: id, rerunOf, _id: { $nin: mine } },
      { session, projection: { rerunOf: 1 } },
    );
    if (other) throw new ItemReplaced(`run ${other.rerunOf} was run again meanwhile, as ${other._id}`);
  }

  async #count(ids: readonly string[]): Promise<Map<string, RunCounts>> {
    const runsOf = new Map<string, LaunchRun[]>();
    if (ids.length === 0) return new Map();
    const projection = { launchId: 1, state: 1, rerunOf: 1 } as const;
    for await (const run of this.#db.runs.find({ launchId: { $in: [...ids] } }, { projection, batchSize: 5000 })) {
      const id = run.launchId as string;
      const runs = runsOf.get(id);
      if (runs) runs.push(run);
      else runsOf.set(id, [run]);
    }
    return new Map([...runsOf].map(([id, runs]) => [id, countNewest(runs)]));
  }
}

/** Each item counts by its newest run: one that was run again in the same launch no longer counts. */
export function countNewest(runs: readonly Omit<LaunchRun, 'launchId'>[]): RunCounts {
  const counts: RunCounts = {};
  for (const { state } of newestOf(runs)) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

function newestOf<R extends Pick<LaunchRun, '_id' | 'rerunOf'>>(runs: readonly R[]): R[] {
  const replaced = new Set(runs.map(({ rerunOf }) => rerunOf));
  return runs.filter(({ _id }) => !replaced.has(_id));
}

/** `active` while any run is not terminal, else `failed`, else `cancelled`, else `completed`. */
export function launchState(counts: RunCounts): LaunchState {
  const present = (Object.keys(counts) as RunState[]).filter((state) => (counts[state] ?? 0) > 0);
  if (present.some((state) => !isTerminal(state))) return 'active';
  if (present.includes('failed')) return 'failed';
  return present.includes('cancelled') ? 'cancelled' : 'completed';
}

function presentLaunch({ _id, name, createdAt, finishedAt, submittedBy }: LaunchDocument, counts: RunCounts): Launch {
  return {
    id: _id,
    name,
    createdAt: createdAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
    state: launchState(counts),
    counts,
    durationMs: finishedAt && Math.max(0, finishedAt.getTime() - createdAt.getTime()),
    submittedBy,
  };
}
