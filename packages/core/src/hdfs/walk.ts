import type { Hdfs, HdfsCallOptions, HdfsStatus } from './client.ts';
import { HdfsDenied, HdfsNotFound, HdfsTooLarge } from './errors.ts';

/** What Hadoop itself puts beside people's files. */
const SKIPPED_DIRECTORIES = new Set(['_temporary', '.Trash']);
const DIRECTORIES_AT_ONCE = 4;

export interface ScriptListing {
  /** Every `.py` file below the root, sorted by path. */
  files: HdfsStatus[];
  /** Directories whose scripts are not in `files`, and why; what was known below them is not known to be gone. */
  errors: { path: string; message: string }[];
  /** More than `limit` scripts: the rest was not looked at. */
  truncated: boolean;
}

export interface WalkOptions extends HdfsCallOptions {
  /** Scripts, default 20,000. */
  limit?: number | undefined;
}

/**
 * Lists the scripts below `root`, at any depth. A denied directory becomes an entry in `errors`; one that vanished meanwhile
 * is passed over.
 * @throws what `hdfs.list` throws for the root itself, and HdfsUnavailable wherever it happens: half a listing would make
 * the other half look deleted
 */
export async function listScripts(
  hdfs: Hdfs,
  root: string,
  { limit = 20_000, ...call }: WalkOptions = {},
): Promise<ScriptListing> {
  const listing: ScriptListing = { files: [], errors: [], truncated: false };
  const pending: string[] = [];

  const take = (entries: HdfsStatus[]): void => {
    for (const entry of entries) {
      const name = entry.path.slice(entry.path.lastIndexOf('/') + 1);
      if (entry.type === 'directory') {
        if (!SKIPPED_DIRECTORIES.has(name)) pending.push(entry.path);
      } else if (name.endsWith('.py')) {
        if (listing.files.length < limit) listing.files.push(entry);
        else listing.truncated = true;
      }
    }
  };
  const visit = async (directory: string): Promise<void> => {
    try {
      take(await hdfs.list(directory, call));
    } catch (error) {
      if (error instanceof HdfsNotFound) return;
      if (!(error instanceof HdfsDenied || error instanceof HdfsTooLarge)) throw error;
      listing.errors.push({ path: directory, message: error.message });
    }
  };

  take(await hdfs.list(root, call));
  await visitAll(pending, visit, () => listing.truncated);
  if (listing.truncated) {
    listing.errors.push({
      path: root,
      message: `more than ${limit} scripts lie below ${root}; the rest was not looked at`,
    });
  }
  listing.files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return listing;
}

/** Works off a growing list, a few at once; rejects with the first error after those under way have ended. */
async function visitAll(
  pending: string[],
  visit: (directory: string) => Promise<void>,
  enough: () => boolean,
): Promise<void> {
  while (pending.length > 0 && !enough()) {
    const batch = pending.splice(0, DIRECTORIES_AT_ONCE);
    const outcomes = await Promise.allSettled(batch.map(visit));
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') throw outcome.reason;
    }
  }
}
