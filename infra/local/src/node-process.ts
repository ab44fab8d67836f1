import { join } from 'node:path';

/**
 * How the processes of DAS are run by Node, here, in the images and in the tests (node-process.test.ts); docs/performance.md has the figures.
 * Without Node's own start snapshot a process is 7 to 9 MiB smaller and starts 0.1 s later; with `gc` both give memory back after their
 * start (core/process/release-memory.ts), and a worker while scripts flood (worker/logs/read-buffers.ts).
 */
const SMALL = ['--no-node-snapshot', '--expose-gc'];

/** Of libraries (`request` calls url.parse), which Node keeps silent while they lie in node_modules; in a bundle they do not. */
const QUIET = ['--disable-warning=DEP0169'];

/**
 * A worker's memory is what runs beside it lack: its young generation need not be larger than this (MiB; Node would let it grow to 32). Its
 * heap may grow to two and a half times what lives: left to itself, V8 lets it grow in small steps after a thorough collection.
 */
export const WORKER_FLAGS: readonly string[] = [
  '--max-semi-space-size=2',
  '--heap-growing-percent=150',
  ...SMALL,
  ...QUIET,
];

/**
 * Of an API, which makes more objects at once than a worker: what a crowd of submits is made of has room until it is answered (docs/performance.md, A1).
 * What a burst leaves is given back after it (core/process/release-memory.ts).
 */
export const API_FLAGS: readonly string[] = ['--max-semi-space-size=16', ...SMALL, ...QUIET];

/** One arena of glibc's instead of one per thread, each with its own holes: 2 to 4 MiB at rest, 12 in a flood. No script gets to see it. */
export const ONE_ARENA = { MALLOC_ARENA_MAX: '1' };

/**
 * What else they find in their environment. With a compile cache nothing loads the compiler that strips types (25 MiB, and half of the time a
 * start takes) but the first start with these flags. `cache`: a folder that may be thrown away at any time.
 */
export function nodeEnvironment(cache: string): { NODE_COMPILE_CACHE: string; MALLOC_ARENA_MAX: string } {
  return { NODE_COMPILE_CACHE: join(cache, 'compiled'), ...ONE_ARENA };
}
