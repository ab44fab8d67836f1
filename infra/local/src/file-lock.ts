import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isAlive, parseIdentity, type ProcessIdentity } from './process-identity.ts';

const POLL_MS = 200;

/** Somebody else, alive, holds the lock. */
export class LockHeldError extends Error {
  override name = 'LockHeldError';
  readonly file: string;
  readonly holder: ProcessIdentity;
  constructor(file: string, holder: ProcessIdentity) {
    super(`${file} is held by process ${holder.pid}`);
    this.file = file;
    this.holder = holder;
  }
}

/** Takes the lock or throws LockHeldError at once. A holder that died, by whatever death, holds nothing. */
export async function takeLock(file: string): Promise<() => Promise<void>> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const me = await identify(process.pid);
  if (!me) throw new Error('this process cannot see itself');
  const draft = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(draft, JSON.stringify(me), { mode: 0o600 });
  try {
    // link, unlike open(wx), shows the file to others only with its content in it.
    while (!(await linked(draft, file))) {
      const holder = await readHolder(file);
      if (holder && (await isAlive(holder))) throw new LockHeldError(file, holder);
      if (holder) await removeStale(file, holder);
    }
  } finally {
    await rm(draft, { force: true });
  }
  return () => removeStale(file, me);
}

/** Does `work` alone; waits for the holder first (`waiting` is told once, who it is). */
export async function withLock<T>(
  file: string,
  work: () => Promise<T>,
  { signal, waiting }: { signal?: AbortSignal | undefined; waiting?: ((holder: ProcessIdentity) => void) | undefined },
): Promise<T> {
  const release = await waitForLock(file, signal, waiting);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function waitForLock(
  file: string,
  signal: AbortSignal | undefined,
  waiting: ((holder: ProcessIdentity) => void) | undefined,
): Promise<() => Promise<void>> {
  for (let told = false; ; told = true) {
    try {
      return await takeLock(file);
    } catch (error) {
      if (!(error instanceof LockHeldError)) throw error;
      if (!told) waiting?.(error.holder);
      await delay(POLL_MS, undefined, { signal });
    }
  }
}

async function linked(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Who is written in the lock; undefined if there is none. A damaged file (the machine stopped) names nobody alive. */
export async function readHolder(file: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (parseIdentity(text) ?? { pid: 0, startedAt: '' });
}

/** Removes the lock if it is still `owner`'s; a lock that another process took meanwhile is put back. */
async function removeStale(file: string, owner: ProcessIdentity): Promise<void> {
  const aside = `${file}.${process.pid}.stale`;
  try {
    await rename(file, aside);
  } catch {
    return; // somebody else removed it
  }
  const found = await readHolder(aside);
  if (found && (found.pid !== owner.pid || found.startedAt !== owner.startedAt)) await linked(aside, file);
  await rm(aside, { force: true });
}
