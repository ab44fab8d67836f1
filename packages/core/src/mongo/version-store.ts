import { newId } from '../domain/ids.ts';
import type { Database } from './database.ts';
import type { RunDocument, VersionDocument } from './documents.ts';
import { cutPage } from './keyset.ts';
import type { Keyset, KeysetPage } from './keyset.ts';
import { LAST_RUN_PROJECTION, lastRunOf } from './last-run.ts';
import type { LastRun } from './documents.ts';

export type KnownVersion = VersionDocument & { lastRun: LastRun | null };
type Content = { path: string; sha256: string; size: number };

/** Contents that a script had when it was previewed or run. */
export class VersionStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Of one script, the one seen last first. */
  async list(path: string, { limit, after }: Keyset): Promise<KeysetPage<KnownVersion>> {
    const read = await this.#db.versions
      .find(after === undefined ? { path } : { path, _id: { $lt: after } })
      .sort({ _id: -1 })
      .limit(limit + 1)
      .toArray();
    const { items, next } = cutPage(read, limit);
    const runs = await this.#db.runs
      .find({ _id: { $in: items.flatMap(({ lastRunId }) => lastRunId ?? []) } })
      .project<RunDocument>(LAST_RUN_PROJECTION)
      .toArray();
    const byId = new Map(runs.map((run) => [run._id, lastRunOf(run)]));
    return {
      items: items.map((version) => ({ ...version, lastRun: byId.get(version.lastRunId ?? '') ?? null })),
      next,
    };
  }
}

/** Files were read: their contents are known from now on. */
export async function noteContents(db: Database, contents: readonly Content[]): Promise<void> {
  await note(db, contents.map((content) => ({ content, set: { lastRunId: null } }))); // prettier-ignore
}

/** Runs were accepted; of those of one content the newest is told. */
export async function noteRuns(db: Database, runs: readonly RunDocument[]): Promise<void> {
  const newest = new Map<string, RunDocument>();
  for (const run of runs) {
    const key = `${run.script.sha256}${run.script.path}`;
    if ((newest.get(key)?._id ?? '') < run._id) newest.set(key, run);
  }
  await note(db, [...newest.values()].map(({ _id, script }) => ({ content: script, lastRunId: _id }))); // prettier-ignore
}

type Note = { content: Content; set?: { lastRunId: null }; lastRunId?: string };

async function note(db: Database, notes: readonly Note[]): Promise<void> {
  if (notes.length === 0) return;
  const firstSeenAt = db.clock.now();
  await db.versions.bulkWrite(
    notes.map(({ content: { path, sha256, size }, set, lastRunId }) => ({
      updateOne: {
        filter: { path, sha256 },
        update: {
          $setOnInsert: { _id: newId(), size, firstSeenAt, ...set },
          ...(lastRunId === undefined ? {} : { $max: { lastRunId } }),
        },
        upsert: true,
      },
    })),
    { ordered: false },
  );
}
