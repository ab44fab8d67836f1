import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { WorkerRegistry } from '@das/core/mongo/worker-registry';
import { removeTree } from './remove-tree.ts';

/** Says whose folder it is: `{pid, startedAt}`. */
const OWNER = 'owner.json';
/** The folder of another host's worker (a shared disk), or one without an owner, is left alone for so long. */
const FOREIGN_KEPT_MS = 24 * 3600 * 1000;

/**
 * This worker's own folder in WORKER_DIR (0700). Folders of workers that are no more are removed: what they hold
 * (private copies, spools whose log is in MongoDB) nobody needs. That a worker is silent does not mean that it is no
 * more: it may be starting, or without MongoDB; its process decides. What cannot be removed (a mount in it, say) keeps nobody from starting.
 */
export async function takeScratch(
  root: string,
  workerId: string,
  registry: Pick<WorkerRegistry, 'list'>,
  onResidue: (error: unknown) => void,
): Promise<string> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const live = new Set(
    (await registry.list()).filter(({ state }) => state !== 'gone' && state !== 'drained').map(({ _id }) => _id),
  );
  const ours = /-[0-9a-z]{10}$/;
  for (const name of await readdir(root)) {
    if (!ours.test(name) || live.has(name) || (await mayBeUsed(join(root, name), name))) continue;
    await removeTree(join(root, name)).catch(onResidue);
  }
  const directory = join(root, workerId);
  await mkdir(directory, { mode: 0o700 });
  const owner = { pid: process.pid, startedAt: await startOf(process.pid) };
  await writeFile(join(directory, OWNER), JSON.stringify(owner), { mode: 0o600 });
  return directory;
}

async function mayBeUsed(directory: string, name: string): Promise<boolean> {
  const owner = await readFile(join(directory, OWNER), 'utf8').then(
    (text) => JSON.parse(text) as { pid: number; startedAt: string | null },
    () => null,
  );
  if (owner && name.startsWith(`${hostname()}-`)) return isAlive(owner);
  const age = await stat(directory).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0, // somebody else is removing it
  );
  return age < FOREIGN_KEPT_MS;
}

async function isAlive({ pid, startedAt }: { pid: number; startedAt: string | null }): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return startedAt === null || (await startOf(pid)) === startedAt;
}

/** Together with its pid it names one process; null where there is no /proc. See proc_pid_stat(5). */
async function startOf(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}
