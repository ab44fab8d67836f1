import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeScratch } from './scratch.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'das-scratch-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const fail = (error: unknown) => {
  throw error;
};
const nobody = { list: () => Promise.resolve([]) };
const worker = (n: number, host = hostname()) => `${host}-000000000${n}`;

test('workers that start at the same time leave each other alone, though none has shown itself', async () => {
  await takeScratch(root, worker(1), nobody, fail);
  await takeScratch(root, worker(2), nobody, fail);
  expect((await readdir(root)).sort()).toEqual([worker(1), worker(2)]);
});

test('the folder of a dead worker is removed; one that has another host, or no owner, after a day', async () => {
  const dead = spawnSync('true').pid;
  for (const [name, owner] of [[worker(1), { pid: dead, startedAt: '1' }], [worker(2, 'elsewhere'), null], [worker(3), null], ['notes', null]] as const) {
    await mkdir(join(root, name));
    if (owner) await writeFile(join(root, name, 'owner.json'), JSON.stringify(owner));
  } // prettier-ignore
  const longAgo = new Date(Date.now() - 25 * 3600 * 1000);
  await utimes(join(root, worker(3)), longAgo, longAgo);
  await takeScratch(root, worker(4), nobody, fail);
  expect((await readdir(root)).sort()).toEqual([worker(2, 'elsewhere'), worker(4), 'notes'].sort());
});
