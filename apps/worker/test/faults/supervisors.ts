import { readdir, readFile } from 'node:fs/promises';

/** Pids of the supervisors that a worker has started and that live. Linux. */
export async function supervisorsOf(workerPid: number): Promise<number[]> {
  const names = await readdir('/proc');
  const stats = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(readStat));
  return stats.flatMap((stat) => (stat?.name === 'das-supervisor' && stat.parent === workerPid ? [stat.pid] : []));
}

async function readStat(pid: string): Promise<{ pid: number; name: string; parent: number } | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  const end = stat.lastIndexOf(')');
  const parent = Number(stat.slice(end + 2).split(' ')[1]);
  return { pid: Number(pid), name: stat.slice(stat.indexOf('(') + 1, end), parent };
}
