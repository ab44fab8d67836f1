import { readdir, readFile, readlink } from 'node:fs/promises';

export type ProcessSeen = { pid: number; command: string };

/** Living processes whose environment holds `text` (`DAS_RUN_ID=…`). Linux. */
export function processesWith(text: string): Promise<ProcessSeen[]> {
  return seen(async (pid) =>
    (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').some((entry) => entry.includes(text)),
  );
}

/** Living processes that belong to `directory`: they run in it, or their environment or command line names it. Linux. */
export function processesOf(directory: string): Promise<ProcessSeen[]> {
  return seen(async (pid) => {
    const [cwd, environment, command] = await Promise.all([
      readlink(`/proc/${pid}/cwd`).catch(() => ''),
      readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''),
      readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
    ]);
    return cwd.startsWith(directory) || environment.includes(directory) || command.includes(directory);
  });
}

/** Children of a process. Linux. */
export async function childrenOf(parent: number | undefined): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(pids.map(parentOf));
  return pids.filter((_, index) => parents[index] === parent);
}

/** NaN of a process that is gone. Linux. */
export async function parentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
}

async function seen(belongs: (pid: number) => Promise<boolean>): Promise<ProcessSeen[]> {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process may end, or be another user's, at any moment; a zombie has no environment.
      if (pid === process.pid || !(await belongs(pid).catch(() => false))) return [];
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return command === '' ? [] : [{ pid, command: command.replaceAll('\0', ' ').trim().slice(0, 200) }];
    }),
  );
  return found.flat();
}
