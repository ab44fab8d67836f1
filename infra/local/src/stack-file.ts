import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StackAddresses } from './settings.ts';

/** What a running `npm start` tells tools and scripts (0600: it holds passwords). */
export interface StackFile extends StackAddresses {
  /** null with --services-only. */
  apiUrl: string | null;
  /** null: console only. */
  logFile: string | null;
  processes: { name: string; pid: number }[];
}

export const stackFileOf = (home: string) => join(home, 'stack.json');

/** Readers see the old one or the new one, never half of it. */
export async function writeStackFile(home: string, stack: StackFile): Promise<void> {
  const file = stackFileOf(home);
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(stack, undefined, 2)}\n`, { mode: 0o600 });
  await rename(draft, file);
}

/** undefined if no stack runs (or its file is damaged). */
export async function readStackFile(home: string): Promise<StackFile | undefined> {
  try {
    return JSON.parse(await readFile(stackFileOf(home), 'utf8')) as StackFile;
  } catch {
    return undefined;
  }
}

export async function removeStackFile(home: string): Promise<void> {
  await rm(stackFileOf(home), { force: true });
}
