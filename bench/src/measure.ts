import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { cpus, totalmem, release } from 'node:os';

/** One line of the table: DAS beside its baseline, measured in the same run. */
export type Row = {
  id: string;
  what: string;
  /** Higher is better (`≥`) or lower is better (`≤`). */
  goal: { op: '≥' | '≤'; value: number } | null;
  das: number;
  baseline: number | null;
  unit: string;
  /** What the goal is compared with: the ratio where there is a baseline, else the figure itself. */
  ratio: number | null;
  note?: string;
};

/** The times that DAS has by default, instead of the tests' short ones: with those the reconciler alone takes a third of a core. */
export const AS_SHIPPED = { LEASE_MS: '15000', RECONCILE_INTERVAL_MS: '2000' };

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? NaN;
}

/** Milliseconds of CPU that a process has used so far (Linux; to 10 ms). */
export async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Runs `work(i)` for i = 0 … count − 1, at most `width` at once. */
export async function inParallel(count: number, width: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

export function reachesGoal({ goal, ratio, das }: Row): boolean | null {
  if (!goal) return null;
  const figure = ratio ?? das;
  return goal.op === '≥' ? figure >= goal.value : figure <= goal.value;
}

export function describeMachine(): Record<string, string> {
  const [cpu] = cpus();
  return {
    cpu: `${cpus().length} × ${cpu?.model ?? '?'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: release(),
    node: process.version,
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
  };
}
