import { join } from 'node:path';

/**
 * How the processes of DAS are run by Node, here, in the images and in the tests (node-process.test.ts); docs/performance.md has the figures.
 * Without Node's own start snapshot a process is 7 to 9 MiB smaller and starts 0.1 s later; with `gc` it gives memory back after its start
 * (core/process/release-memory.ts) and while scripts flood (worker/logs/read-buffers.ts).
 */
const SMALL = ['--no-node-snapshot', '--expose-gc'];

/** A worker's memory is what runs beside it lack: its young generation need not be larger than this (MiB; Node would let it grow to 32). */
export const WORKER_FLAGS: readonly string[] = ['--max-semi-space-size=2', ...SMALL];

/** One arena of glibc's instead of one per thread, each with its own holes: 4 MiB at rest, 12 in a flood. No script gets to see it. */
export const WORKER_ENVIRONMENT = { MALLOC_ARENA_MAX: '1' };

/** Of an API, which makes more objects at once than a worker: what it frees it frees sooner, and it stays 30 MiB smaller after a burst. */
export const API_FLAGS: readonly string[] = ['--max-semi-space-size=4', ...SMALL];

/**
 * With a compile cache nothing loads the compiler that strips types (25 MiB, and half of the time a start takes) but the first start with
 * these flags. `folder`: some that may be thrown away at any time.
 */
export function compileCache(folder: string): { NODE_COMPILE_CACHE: string } {
  return { NODE_COMPILE_CACHE: join(folder, 'compiled') };
}
