import { openSync, closeSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Spool } from './spool.ts';
import { SpoolBroken } from './spool-errors.ts';

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'das-spool-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

const MIB = 1024 * 1024;
const now = new Date();
const open = () => Spool.open(join(directory, 'log.spool'), 8 * MIB);

it('is closed once what is being read is read; then its file is gone', async () => {
  const spool = open();
  const bytes = Buffer.alloc(MIB, 'abc\n');
  spool.append('stdout', bytes, now);
  await spool.settle(bytes.length);
  const reading = spool.read(0, bytes.length);
  await spool.close();
  expect((await reading)?.equals(bytes)).toBe(true);
  expect(await readdir(directory)).toEqual([]);
});

it('touches nothing once it is closed, though another file has its descriptor', async () => {
  const spool = open();
  spool.append('stdout', Buffer.from('one\n'), now);
  await spool.settle(4);
  await spool.close();
  const other = join(directory, 'other');
  await writeFile(other, 'not a log');
  const descriptor = openSync(other, 'r+'); // the lowest that is free: the spool's
  try {
    await expect(spool.read(0, 4)).rejects.toThrow(SpoolBroken);
    spool.append('stdout', Buffer.from('two\n'), now);
    await spool.settle(8);
    expect(spool.failure).toBeInstanceOf(SpoolBroken);
    expect(await readFile(other, 'utf8')).toBe('not a log');
  } finally {
    closeSync(descriptor);
  }
});

it('is closed though a script has put a folder in its place', async () => {
  const spool = open();
  await rm(join(directory, 'log.spool'));
  await mkdir(join(directory, 'log.spool'));
  await spool.close();
});

it('says that it cannot be made', () => {
  expect(() => Spool.open(join(directory, 'missing', 'log.spool'), MIB)).toThrow(SpoolBroken);
});
