import type { HdfsStatus } from '@das/core/hdfs/client';
import { expect, it } from 'vitest';
import { KnownFiles } from './known-files.ts';

const status = (change: Partial<HdfsStatus> = {}): HdfsStatus => ({
  path: '/scripts/a.py', type: 'file', length: 100, modificationTime: 1, fileId: 7, owner: 'me', permission: '644', ...change,
}); // prettier-ignore
const bytes = new Uint8Array(100);

it('knows a file while its status and the wanted hash are the same', () => {
  const files = new KnownFiles(1000);
  files.keep(status(), 'hash', bytes);
  expect(files.find(status(), 'hash')).toBe(bytes);
  expect(files.find(status({ owner: 'you' }), 'hash')).toBe(bytes);
  expect(files.find(status(), 'other hash')).toBeNull();
  for (const change of [{ path: '/scripts/b.py' }, { length: 99 }, { modificationTime: 2 }, { fileId: 8 }])
    expect(files.find(status(change), 'hash')).toBeNull();
});

it('keeps nothing that is not as long as it was said to be, and nothing large', () => {
  const files = new KnownFiles(1000);
  files.keep(status({ length: 101 }), 'hash', bytes);
  expect(files.find(status({ length: 101 }), 'hash')).toBeNull();
  const large = status({ length: 300 });
  files.keep(large, 'hash', new Uint8Array(300));
  expect(files.find(large, 'hash')).toBeNull();
});

it('forgets what was not used for the longest time', () => {
  const files = new KnownFiles(400);
  const paths = ['a', 'b', 'c', 'd', 'e'];
  for (const path of paths.slice(0, 4)) files.keep(status({ path }), 'hash', bytes);
  files.find(status({ path: 'a' }), 'hash');
  files.keep(status({ path: 'e' }), 'hash', bytes);
  expect(paths.map((path) => files.find(status({ path }), 'hash') !== null)).toEqual([true, false, true, true, true]);
});
