import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second, as proc_pid_stat(5) counts; it is 100 on every Linux of today. */
const TICKS = 100;

/** CPU milliseconds that a process and all below it have used so far, with those of them that have ended and were waited for. */
export function treeCpuMs(root: number): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const stats = new Map(pids.flatMap((pid) => statOf(Number(pid))));
  const below = (pid: number): number[] => [
    pid,
    ...[...stats].flatMap(([child, { parent }]) => (parent === pid ? below(child) : [])),
  ];
  return below(root).reduce((sum, pid) => sum + ((stats.get(pid)?.ticks ?? 0) * 1000) / TICKS, 0);
}

function statOf(pid: number): [number, { parent: number; ticks: number }][] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // utime, stime, cutime and cstime
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return [[pid, { parent: Number(fields[1]), ticks }]];
  } catch {
    return []; // gone meanwhile
  }
}

/** Resident memory, in MiB. */
export function residentMib(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}
