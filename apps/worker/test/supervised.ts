import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll } from 'vitest';
import { findPython, monotonicMs } from '../src/execute/supervisor.ts';
import type { StartOrder } from '../src/execute/supervisor.ts';

/** What tests of supervisors share: real processes, and a folder of their own. Linux is assumed (/proc). */
export const python = await findPython('python3');
export const dir = await mkdtemp(join(tmpdir(), 'das-supervisor-'));
afterAll(() => rm(dir, { recursive: true, force: true }));

export const PATH = '/usr/local/bin:/usr/bin:/bin';
export const MINUTE = 60_000;

export function order(argv: string[], more: Partial<StartOrder> = {}): StartOrder {
  return { argv, env: { PATH }, cwd: dir, deadline: monotonicMs() + MINUTE, killGraceMs: 500, ...more };
}

/** Runs a Python program as the attempt's main child. */
export const script = (source: string, more?: Partial<StartOrder>) => order([python, '-c', source], more);

export function lives(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 20_000; !(await condition()); await sleep(20)) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
  }
}
