import type { HdfsStatus } from '../hdfs/client.ts';
import type { ScriptListing } from '../hdfs/walk.ts';

/** A tracked script as the last look at HDFS left it; times in milliseconds. */
export type KnownFile = { size: number; modificationTime: number; fileId: number; missing: boolean };

export type ScanChanges = {
  added: HdfsStatus[];
  /** Other bytes, as size, modification time or file id tell; also where it had been missing. */
  changed: HdfsStatus[];
  /** Back, and the same file. */
  reappeared: HdfsStatus[];
  /** Gone since the last scan. */
  missing: string[];
};

/** What a listing changes in what is known. Where the listing could not look, nothing counts as gone. Pure. */
export function compareListing(known: ReadonlyMap<string, KnownFile>, listing: ScriptListing): ScanChanges {
  const changes: ScanChanges = { added: [], changed: [], reappeared: [], missing: [] };
  const seen = new Set<string>();
  for (const file of listing.files) {
    seen.add(file.path);
    const before = known.get(file.path);
    if (!before) changes.added.push(file);
    else if (!isSameFile(before, file)) changes.changed.push(file);
    else if (before.missing) changes.reappeared.push(file);
  }
  if (listing.truncated) return changes;
  const hidden = listing.errors.map(({ path }) => `${path}/`);
  for (const [path, { missing }] of known) {
    if (missing || seen.has(path) || hidden.some((directory) => path.startsWith(directory))) continue;
    changes.missing.push(path);
  }
  return changes;
}

function isSameFile(before: KnownFile, now: HdfsStatus): boolean {
  return before.size === now.length && before.modificationTime === now.modificationTime && before.fileId === now.fileId;
}
