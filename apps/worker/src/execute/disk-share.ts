import { statfsSync } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Of a tree with more entries than can be looked at in this time, what was seen by then counts. */
const LOOK_MS = 2000;

/** How much of the disk's room an attempt took. */
export type DiskShare = {
  /** True when the attempt's own folder holds at least half of what was free when it began: then it was the attempt that filled the disk. */
  isMostlyIts(): Promise<boolean>;
};

/** Asked at once: the kernel knows it without the disk. */
export function watchDisk(directory: string): DiskShare {
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  return { isMostlyIts: async () => (await bytesIn(directory, performance.now() + LOOK_MS)) >= free / 2 };
}

/** What the files below a directory take on the disk. */
async function bytesIn(directory: string, until: number): Promise<number> {
  let bytes = 0;
  const entries = await opendir(directory, { recursive: true }).catch(() => null);
  if (!entries) return 0;
  try {
    for await (const entry of entries) {
      if (performance.now() > until) break;
      if (!entry.isFile()) continue;
      const { blocks } = await stat(join(entry.parentPath, entry.name)).catch(() => ({ blocks: 0 })); // gone meanwhile
      bytes += blocks * 512;
    }
  } catch {
    // a directory went while it was read: what was seen counts
  }
  return bytes;
}
