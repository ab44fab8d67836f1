import { createHash } from 'node:crypto';

export type ManifestRole = 'script' | 'pyFile' | 'file';
/**
 * One file of a version. Carried along and not part of the hash: `size` in bytes, and `seenAt`, when HDFS was asked and held it so (absent where
 * nobody asked).
 */
export type ManifestEntry = { role: ManifestRole; path: string; sha256: string; size: number; seenAt?: Date };

export function sha256Of(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What a run executes, named: sha256 of the manifest `[{role, path, sha256}]` as JSON, in the order given. */
export function versionOf(manifest: readonly ManifestEntry[]): string {
  return sha256Of(JSON.stringify(manifest.map(({ role, path, sha256 }) => ({ role, path, sha256 }))));
}
