import { LIMITS } from '@das/contracts/limits';
import { sha256Of } from '@das/core/domain/version';
import type { ManifestEntry } from '@das/core/domain/version';
import { HdfsUnavailable } from '@das/core/hdfs/errors';
import type { Hdfs } from '@das/core/hdfs/client';
import type { Database } from '@das/core/mongo/database';
import { translateMongoErrors } from '@das/core/mongo/errors';
import type { KnownFiles } from './known-files.ts';
import type { Workspace } from './workspace.ts';

export type Sources = { hdfs: Hdfs; db: Database; knownFiles: KnownFiles };
/** Where the files of a version are put. */
export type Places = { script: string; pyFiles: string[]; files: string[]; all: string[] };
export type Fetched = { drifted: boolean };

export function placesOf(manifest: readonly ManifestEntry[], workspace: Workspace): Places {
  const all = manifest.map(({ path, role }, index) => workspace.placeFor(index, path, role));
  const of = (role: ManifestEntry['role']) => all.filter((_, index) => manifest[index]?.role === role);
  return { script: of('script')[0] ?? '', pyFiles: of('pyFile'), files: of('file'), all };
}

/**
 * Pulls the files of a version from HDFS and checks each against its hash. What has changed or gone there is
 * replaced by the copy pinned when the run was accepted (`drifted`): executed bytes = accepted bytes.
 * Throws HdfsUnavailable when HDFS does not answer: then nobody knows, and it is a loss.
 */
export async function fetchFiles(
  sources: Sources,
  manifest: readonly ManifestEntry[],
  workspace: Workspace,
  places: Places,
  signal: AbortSignal,
): Promise<Fetched> {
  const fetched: Fetched = { drifted: false };
  for (const [index, entry] of manifest.entries()) {
    const { bytes, drifted } = await acceptedBytes(sources, entry, signal);
    await workspace.put(places.all[index] as string, bytes, signal);
    fetched.drifted ||= drifted;
  }
  return fetched;
}

async function acceptedBytes(
  { hdfs, db, knownFiles }: Sources,
  entry: ManifestEntry,
  signal: AbortSignal,
): Promise<{ bytes: Uint8Array; drifted: boolean }> {
  // Either way: of a clock that was set back nothing follows.
  const acceptedMs = entry.seenAt && Math.abs(db.clock.now().getTime() - entry.seenAt.getTime());
  const seen = knownFiles.justSeen(entry.path, entry.sha256, acceptedMs);
  if (seen) return { bytes: seen, drifted: false };
  const lookedAt = performance.now();
  try {
    const status = await hdfs.status(entry.path, { signal });
    const known = knownFiles.find(status, entry.sha256, lookedAt);
    if (known) return { bytes: known, drifted: false };
    if (status.type === 'file') {
      const bytes = await hdfs.read(entry.path, { maxBytes: LIMITS.fileBytes, expectLength: status.length, signal });
      if (sha256Of(bytes) === entry.sha256) {
        knownFiles.keep(status, entry.sha256, bytes, lookedAt);
        return { bytes, drifted: false };
      }
    }
  } catch (error) {
    if (error instanceof HdfsUnavailable || signal.aborted) throw error;
    // Gone, denied, grown too large: whatever it is now, it is not what was accepted.
  }
  const pinned = await translateMongoErrors(() => db.contents.findOne({ _id: entry.sha256 }));
  if (!pinned) throw new Error(`the pinned content ${entry.sha256} of ${entry.path} is not in MongoDB`);
  return { bytes: pinned.bytes.buffer, drifted: true };
}
