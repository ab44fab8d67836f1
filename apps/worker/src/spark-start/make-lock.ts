import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_AGAIN_MS = 1000;

/** One maker at a time among all workers that share a folder. A lock whose process is gone, or that is older than `patienceMs`, is nobody's. */
export class MakeLock implements AsyncDisposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** @throws the signal's reason */
  static async take(
    path: string,
    { signal, patienceMs }: { signal: AbortSignal; patienceMs: number },
  ): Promise<MakeLock> {
    for (;;) {
      signal.throwIfAborted();
      try {
        await writeFile(path, JSON.stringify({ host: hostname(), pid: process.pid }), { flag: 'wx', mode: 0o600 });
        return new MakeLock(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      if (await isAbandoned(path, patienceMs)) await rm(path, { force: true });
      else await sleep(LOOK_AGAIN_MS, undefined, { signal });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#path, { force: true });
  }
}

async function isAbandoned(path: string, patienceMs: number): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (!found) return false; // released meanwhile
  if (Date.now() - found.mtimeMs > patienceMs) return true;
  try {
    const { host, pid } = JSON.parse(await readFile(path, 'utf8')) as { host: string; pid: number };
    if (host === hostname()) process.kill(pid, 0);
    return false;
  } catch (error) {
    // Half-written is being written.
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
