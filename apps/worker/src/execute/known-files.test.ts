import type { HdfsStatus } from '@das/core/hdfs/client';
import { expect, it } from 'vitest';
import { KnownFiles } from './known-files.ts';

const status = (change: Partial<HdfsStatus> = {}): HdfsStatus => ({
  path: '/scripts/a.py', type: 'file', length: 100, modificationTime: 1, fileId: 7, owner: 'me', permission: '644', ...change,
}); // prettier-ignore
const bytes = new Uint8Array(100);
const LONG_AGO = performance.now() - 2000;

it('knows a file while its status and the wanted hash are the same', () => {
  const files = new KnownFiles(1000);
  files.keep(status(), 'hash', bytes, LONG_AGO);
  expect(files.find(status(), 'hash', LONG_AGO)).toBe(bytes);
  expect(files.find(status({ owner: 'you' }), 'hash', LONG_AGO)).toBe(bytes);
  expect(files.find(status(), 'other hash', LONG_AGO)).toBeNull();
  for (const change of [{ path: '/scripts/b.py' }, { length: 99 }, { modificationTime: 2 }, { fileId: 8 }])
    expect(files.find(status(change), 'hash', LONG_AGO)).toBeNull();
});

it('a look less than a second ago holds, its own or that of who accepted the run, for the hash it was of', () => {
  const files = new KnownFiles(1000);
  files.keep(status(), 'hash', bytes, LONG_AGO);
  expect(files.justSeen('/scripts/a.py', 'hash')).toBeNull();
  expect(files.justSeen('/scripts/a.py', 'hash', 1500)).toBeNull();
  expect(files.justSeen('/scripts/a.py', 'hash', 500)).toBe(bytes);
  expect(files.justSeen('/scripts/a.py', 'other hash', 500)).toBeNull();
  expect(files.justSeen('/scripts/b.py', 'hash', 500)).toBeNull();
  files.find(status(), 'hash', performance.now());
  expect(files.justSeen('/scripts/a.py', 'hash')).toBe(bytes);
});

it('keeps nothing that is not as long as it was said to be, and nothing large', () => {
  const files = new KnownFiles(1000);
  files.keep(status({ length: 101 }), 'hash', bytes, LONG_AGO);
  expect(files.find(status({ length: 101 }), 'hash', LONG_AGO)).toBeNull();
  const large = status({ length: 300 });
  files.keep(large, 'hash', new Uint8Array(300), LONG_AGO);
  expect(files.find(large, 'hash', LONG_AGO)).toBeNull();
});

it('forgets what was not used for the longest time', () => {
  const files = new KnownFiles(400);
  const paths = ['a', 'b', 'c', 'd', 'e'];
  for (const path of paths.slice(0, 4)) files.keep(status({ path }), 'hash', bytes, LONG_AGO);
  files.find(status({ path: 'a' }), 'hash', LONG_AGO);
  files.keep(status({ path: 'e' }), 'hash', bytes, LONG_AGO);
  expect(paths.map((path) => files.find(status({ path }), 'hash', LONG_AGO) !== null)).toEqual([
    true,
    false,
    true,
    true,
    true,
  ]);
});

it('takes a look of less than a second ago for now', () => {
  const files = new KnownFiles(1000);
  files.keep(status(), 'hash', bytes, performance.now());
  expect(files.justSeen('/scripts/a.py', 'hash')).toBe(bytes);
  expect(files.justSeen('/scripts/a.py', 'other hash')).toBeNull();
  files.keep(status(), 'hash', bytes, performance.now() - 1001);
  expect(files.justSeen('/scripts/a.py', 'hash')).toBeNull();
  files.find(status(), 'hash', performance.now());
  expect(files.justSeen('/scripts/a.py', 'hash')).toBe(bytes);
});
