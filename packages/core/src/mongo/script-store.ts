import type { Script } from '@das/contracts/script';
import type { ScriptStatus } from '@das/contracts/states';
import type { AnyBulkWriteOperation, Filter } from 'mongodb';
import type { HdfsStatus } from '../hdfs/client.ts';
import type { KnownFile, ScanChanges } from '../scan/compare-listing.ts';
import type { Database } from './database.ts';
import type { ScriptDocument } from './documents.ts';
import { literal } from '../domain/literal.ts';
import { cutPage } from './keyset.ts';
import type { Keyset, KeysetPage } from './keyset.ts';
import { presentLastRun } from './last-run.ts';
import { noteContents } from './version-store.ts';

export type ScriptFilter = {
  /** Begins the path. */
  prefix?: string | undefined;
  /** Part of the path, in any case. */
  q?: string | undefined;
  status?: readonly ScriptStatus[] | undefined;
  missing?: boolean | undefined;
};

const BATCH = 1000;
/** A scan may write 20,000 scripts; nobody waits for it. */
const SCAN_TIMEOUT_MS = 30_000;

/** The tracked scripts, by path. */
export class ScriptStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async list(filter: ScriptFilter, { limit, after }: Keyset): Promise<KeysetPage<ScriptDocument>> {
    const conditions: Filter<ScriptDocument>[] = [];
    if (after !== undefined) conditions.push({ _id: { $gt: after } });
    if (filter.prefix !== undefined) conditions.push({ _id: { $regex: `^${literal(filter.prefix)}` } });
    if (filter.q !== undefined) conditions.push({ _id: { $regex: literal(filter.q), $options: 'i' } });
    if (filter.status) conditions.push({ status: { $in: [...filter.status] } });
    if (filter.missing !== undefined) conditions.push({ missing: filter.missing });
    const matching = conditions.length > 0 ? { $and: conditions } : {};
    const read = await this.#db.scripts
      .find(matching)
      .sort({ _id: 1 })
      .limit(limit + 1)
      .toArray();
    return cutPage(read, limit);
  }

  find(path: string): Promise<ScriptDocument | null> {
    return this.#db.scripts.findOne({ _id: path });
  }

  async findMany(paths: readonly string[]): Promise<Map<string, ScriptDocument>> {
    if (paths.length === 0) return new Map();
    const found = await this.#db.scripts.find({ _id: { $in: [...paths] } }).toArray();
    return new Map(found.map((script) => [script._id, script]));
  }

  /** Which of `paths` are tracked. */
  async tracked(paths: readonly string[]): Promise<Set<string>> {
    if (paths.length === 0) return new Set();
    const found = await this.#db.scripts.find({ _id: { $in: [...paths] } }, { projection: { _id: 1 } }).toArray();
    return new Set(found.map(({ _id }) => _id));
  }

  /** Notes that the files with these statuses hold these contents, and tracks those that were not. */
  async pin(files: readonly { status: HdfsStatus; sha256: string }[]): Promise<void> {
    if (files.length === 0) return;
    const firstSeenAt = this.#db.clock.now();
    const pinning = this.#db.scripts.bulkWrite(
      files.map(({ status, sha256 }) => {
        const modifiedAt = new Date(status.modificationTime);
        const pinned = { length: status.length, modifiedAt, fileId: status.fileId, sha256 };
        return {
          updateOne: {
            filter: { _id: status.path },
            update: {
              $set: { ...fileFields(status), sha256, pinned, missing: false },
              $setOnInsert: { status: 'pending' as const, firstSeenAt, lastRun: null },
            },
            upsert: true,
          },
        };
      }),
      { ordered: false },
    );
    const contents = files.map(({ status: { path, length }, sha256 }) => ({ path, sha256, size: length }));
    await Promise.all([pinning, noteContents(this.#db, contents)]);
  }

  /** What is known of every tracked file, for a scan to compare with. */
  async knownFiles(): Promise<Map<string, KnownFile>> {
    const projection = { size: 1, modifiedAt: 1, fileId: 1, missing: 1 } as const;
    const known = new Map<string, KnownFile>();
    for await (const script of this.#db.scripts.find({}, { projection, batchSize: 5000, timeoutMS: SCAN_TIMEOUT_MS })) {
      const { _id, size, modifiedAt, fileId, missing } = script;
      known.set(_id, { size, modificationTime: modifiedAt.getTime(), fileId, missing });
    }
    return known;
  }

  /** Writes what a scan found. A script that changed hands meanwhile (pinned by a submission) is left as it is. */
  async applyScan(
    { added, changed, reappeared, missing }: ScanChanges,
    known: ReadonlyMap<string, KnownFile>,
  ): Promise<void> {
    const firstSeenAt = this.#db.clock.now();
    const fresh = {
      status: 'pending' as const,
      firstSeenAt,
      lastRun: null,
      sha256: null,
      pinned: null,
      missing: false,
    };
    const asKnown = (path: string): Filter<ScriptDocument> => {
      const { size, modificationTime, fileId } = known.get(path) as KnownFile;
      return { _id: path, size, modifiedAt: new Date(modificationTime), fileId };
    };
    const operations: AnyBulkWriteOperation<ScriptDocument>[] = [
      ...added.map((file) => ({
        updateOne: {
          filter: { _id: file.path },
          update: { $setOnInsert: { ...fileFields(file), ...fresh } },
          upsert: true,
        },
      })),
      ...changed.map((file) => ({
        updateOne: {
          filter: asKnown(file.path),
          update: { $set: { ...fileFields(file), sha256: null, missing: false } },
        },
      })),
      ...reappeared.map((file) => ({
        updateOne: { filter: { _id: file.path }, update: { $set: { missing: false } } },
      })),
      ...missing.map((path) => ({ updateOne: { filter: asKnown(path), update: { $set: { missing: true } } } })),
    ];
    for (let start = 0; start < operations.length; start += BATCH) {
      await this.#db.scripts.bulkWrite(operations.slice(start, start + BATCH), {
        ordered: false,
        timeoutMS: SCAN_TIMEOUT_MS,
      });
    }
  }
}

function fileFields({ path, length, modificationTime, fileId }: HdfsStatus) {
  const cut = path.lastIndexOf('/');
  return {
    name: path.slice(cut + 1),
    directory: path.slice(0, cut) || '/',
    size: length,
    modifiedAt: new Date(modificationTime),
    fileId,
  };
}

export function presentScript({
  _id,
  name,
  directory,
  size,
  modifiedAt,
  sha256,
  status,
  missing,
  lastRun,
}: ScriptDocument): Script {
  return {
    path: _id,
    name,
    directory,
    size,
    modifiedAt: modifiedAt.toISOString(),
    sha256,
    status,
    missing,
    lastRun: lastRun && presentLastRun(lastRun),
  };
}
