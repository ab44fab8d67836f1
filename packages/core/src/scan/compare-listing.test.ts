import { expect, it } from 'vitest';
import type { HdfsStatus } from '../hdfs/client.ts';
import { compareListing } from './compare-listing.ts';
import type { KnownFile } from './compare-listing.ts';

const file = (path: string, given: Partial<HdfsStatus> = {}): HdfsStatus => ({
  path, type: 'file', length: 1, modificationTime: 5, fileId: 7, owner: 'o', permission: '644', ...given,
}); // prettier-ignore
const known = (paths: Record<string, Partial<KnownFile>>) =>
  new Map(
    Object.entries(paths).map(([path, given]) => [
      path,
      { size: 1, modificationTime: 5, fileId: 7, missing: false, ...given },
    ]),
  );
const listing = (files: HdfsStatus[], errors: { path: string; message: string }[] = [], truncated = false) => ({
  files,
  errors,
  truncated,
});

it('tells new, changed, returned and vanished scripts from those that are as they were', () => {
  const before = known({
    '/s/same.py': {},
    '/s/size.py': { size: 2 },
    '/s/time.py': { modificationTime: 4 },
    '/s/id.py': { fileId: 6 },
    '/s/back.py': { missing: true },
    '/s/gone.py': {},
    '/s/longgone.py': { missing: true },
  });
  const now = listing(['same', 'size', 'time', 'id', 'back', 'new'].map((name) => file(`/s/${name}.py`)));
  const changes = compareListing(before, now);
  const paths = (files: HdfsStatus[]) => files.map(({ path }) => path);
  expect(paths(changes.added)).toEqual(['/s/new.py']);
  expect(paths(changes.changed)).toEqual(['/s/size.py', '/s/time.py', '/s/id.py']);
  expect(paths(changes.reappeared)).toEqual(['/s/back.py']);
  expect(changes.missing).toEqual(['/s/gone.py']);
});

it('takes nothing for gone where it could not look', () => {
  const before = known({ '/s/denied/a.py': {}, '/s/denied2/a.py': {} });
  expect(compareListing(before, listing([], [{ path: '/s/denied', message: 'no' }])).missing).toEqual([
    '/s/denied2/a.py',
  ]);
  expect(compareListing(before, listing([], [], true)).missing).toEqual([]);
});
