import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

export type Process = { pid: number; name: string; parent: number; command: string };

/** Pids of the supervisors that govern, or governed, an attempt of this worker and live; its spare one governs none. Linux. */
export async function supervisorsOf(workerPid: number): Promise<number[]> {
  const processes = await readProcesses();
  const servers = processes.filter(({ name, parent }) => name === 'das-fork-server' && parent === workerPid).map(({ pid }) => pid); // prettier-ignore
  const forked = processes.filter(({ name, parent }) => name === 'das-supervisor' && servers.includes(parent));
  const marked = await Promise.all(forked.map(({ pid }) => bearsMarks(pid)));
  return forked.filter((_, index) => marked[index]).map(({ pid }) => pid);
}

/** See `wear` in supervisor.py. */
async function bearsMarks(pid: number): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  return /DAS_SUPERVISED=[^.]/.test(environment);
}

/** All that came of a process, however far it went from it; only a subreaper keeps them all. */
export async function descendantsOf(pid: number): Promise<Process[]> {
  const children = Map.groupBy(await readProcesses(), ({ parent }) => parent);
  const below = (parent: number): Process[] => (children.get(parent) ?? []).flatMap((child) => [child, ...below(child.pid)]); // prettier-ignore
  return below(pid);
}

/** Not even a zombie counts. */
export function lives(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function readProcesses(): Promise<Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(readProcess));
  return found.filter((process) => process !== null);
}

async function readProcess(pid: string): Promise<Process | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const end = stat.lastIndexOf(')');
  return {
    pid: Number(pid),
    name: stat.slice(stat.indexOf('(') + 1, end),
    parent: Number(stat.slice(end + 2).split(' ')[1]),
    command: command.replaceAll('\0', ' ').trim(),
  };
}
