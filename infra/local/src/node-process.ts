import { join } from 'node:path';

/**
 * How the processes of DAS are run by Node. A worker's memory is what runs beside it lack: its young generation need not be larger
 * than this (MiB; Node would let it grow to 32). With a compile cache nothing loads the compiler that strips types (25 MiB, and half of
 * the time a start takes) but the first start.
 */
export const WORKER_FLAGS: readonly string[] = ['--max-semi-space-size=2'];

/** `folder`: some that may be thrown away at any time. */
export function compileCache(folder: string): { NODE_COMPILE_CACHE: string } {
  return { NODE_COMPILE_CACHE: join(folder, 'compiled') };
}

/** Of an API, which makes more objects at once than a worker: what it frees it frees sooner, and it stays 30 MiB smaller after a burst. */
export const API_FLAGS = ['--max-semi-space-size=4'];
