import { writeFile } from 'node:fs/promises';
import { LIMITS } from '@das/contracts/limits';
import { sha256Of } from '@das/core/domain/version';
import type { ManifestEntry } from '@das/core/domain/version';
import { HdfsUnavailable } from '@das/core/hdfs/errors';
import type { Hdfs } from '@das/core/hdfs/client';
import type { Database } from '@das/core/mongo/database';
import { translateMongoErrors } from '@das/core/mongo/errors';
import type { Workspace } from './workspace.ts';

export type Fetched = { script: string; pyFiles: string[]; files: string[]; drifted: boolean };

/**
 * Pulls the files of a version from HDFS and checks each against its hash. What has changed or gone there is
 * replaced by the copy pinned when the run was accepted (`drifted`): executed bytes = accepted bytes.
 * Throws HdfsUnavailable when HDFS does not answer: then nobody knows, and it is a loss.
 */
export async function fetchFiles(
  sources: { hdfs: Hdfs; db: Database },
  manifest: readonly ManifestEntry[],
  workspace: Workspace,
  signal: AbortSignal,
): Promise<Fetched> {
  const fetched: Fetched = { script: '', pyFiles: [], files: [], drifted: false };
  for (const [index, entry] of manifest.entries()) {
    const { bytes, drifted } = await acceptedBytes(sources, entry, signal);
    const place = await workspace.placeFor(index, entry.path, entry.role);
    await writeFile(place, bytes, { mode: 0o600, signal });
    fetched.drifted ||= drifted;
    if (entry.role === 'script') fetched.script = place;
    else (entry.role === 'pyFile' ? fetched.pyFiles : fetched.files).push(place);
  }
  return fetched;
}

async function acceptedBytes(
  { hdfs, db }: { hdfs: Hdfs; db: Database },
  entry: ManifestEntry,
  signal: AbortSignal,
): Promise<{ bytes: Uint8Array; drifted: boolean }> {
  try {
    const bytes = await hdfs.read(entry.path, { maxBytes: LIMITS.fileBytes, signal });
    if (sha256Of(bytes) === entry.sha256) return { bytes, drifted: false };
  } catch (error) {
    if (error instanceof HdfsUnavailable || signal.aborted) throw error;
    // Gone, denied, grown too large: whatever it is now, it is not what was accepted.
  }
  const pinned = await translateMongoErrors(() => db.contents.findOne({ _id: entry.sha256 }));
  if (!pinned) throw new Error(`the pinned content ${entry.sha256} of ${entry.path} is not in MongoDB`);
  return { bytes: pinned.bytes.buffer, drifted: true };
}
