import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MakeLock } from './make-lock.ts';

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'das-lock-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

const take = (signal = new AbortController().signal) =>
  MakeLock.take(join(directory, 'lock'), { signal, patienceMs: 60_000 });

test('one at a time, and nothing is left', async () => {
  let inside = 0;
  let most = 0;
  const work = async () => {
    await using _lock = await take();
    most = Math.max(most, (inside += 1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    inside -= 1;
  };
  await Promise.all([work(), work(), work()]);
  expect(most).toBe(1);
  expect(await readdir(directory)).toEqual([]);
});

test('a killed maker holds nobody up', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  await writeFile(join(directory, 'lock'), JSON.stringify({ host: hostname(), pid }));
  await using lock = await take();
  expect(lock).toBeDefined();
});

test('who is told to stop does not wait', async () => {
  await using _lock = await take();
  await expect(take(AbortSignal.timeout(100))).rejects.toThrow();
});
