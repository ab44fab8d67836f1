import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkerRegistry } from '@das/core/mongo/worker-registry';

/**
 * This worker's own folder in WORKER_DIR (0700). Folders of workers that are no more are removed: what they hold
 * (private copies, spools whose log is in MongoDB) nobody needs.
 */
export async function takeScratch(root: string, workerId: string, registry: WorkerRegistry): Promise<string> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const live = new Set(
    (await registry.list()).filter(({ state }) => state !== 'gone' && state !== 'drained').map(({ _id }) => _id),
  );
  const ours = /-[0-9a-z]{10}$/;
  for (const name of await readdir(root)) {
    if (ours.test(name) && !live.has(name)) await rm(join(root, name), { recursive: true, force: true });
  }
  const directory = join(root, workerId);
  await mkdir(directory, { mode: 0o700 });
  return directory;
}
