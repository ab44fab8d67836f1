/** After so many bytes read from scripts V8 is asked for a collection. */
const COLLECT_BYTES = 8 * 1024 * 1024;

let sinceCollection = 0;

/**
 * Every read from a socket leaves a buffer of 64 KiB behind, which V8 frees with its young generation; it looks at that when 32 MiB of
 * them are there, however small the young generation is. A collection asked for sooner takes a millisecond, and a worker whose scripts flood
 * stays 30 MiB smaller. `gc` is there when Node was started with --expose-gc (infra/local/src/node-process.ts).
 */
export function countRead(bytes: number): void {
  sinceCollection += bytes;
  if (sinceCollection < COLLECT_BYTES) return;
  sinceCollection = 0;
  globalThis.gc?.({ type: 'minor', execution: 'sync' });
}
