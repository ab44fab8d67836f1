import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createHdfs } from './client.ts';
import { HdfsDenied, HdfsNotFound, HdfsRejected, HdfsTooLarge } from './errors.ts';
import { listScripts } from './walk.ts';

/** Against a real HDFS with the CSRF guard on. */
const urls = inject('stack').hdfsUrl.split(',');
const hdfs = createHdfs({ urls, user: process.env.HDFS_USER ?? userInfo().username, deadlineMs: 30_000 });
const stranger = createHdfs({ urls, user: 'somebody-else', deadlineMs: 30_000 });
const root = `/test-hdfs-${randomBytes(5).toString('hex')}`;

beforeAll(() => hdfs.mkdirs(root));
afterAll(() => hdfs.remove(root, { recursive: true }));

const NAMES = [
  'plain.py',
  'größe übersicht.py',
  '日本語 😀.py',
  'a%20b%2Fc%.py',
  'a#b?c+d&e=f;g,h.py',
  `quotes'"\`.py`,
  '[x]{y}|^<>~!@$*().py',
];

describe('paths', () => {
  test.each(NAMES)('%s: written, found, read, listed, renamed, removed', async (name) => {
    const directory = `${root}/dir of ${name}`;
    const path = `${directory}/${name}`;
    const content = Buffer.from(`print("${name}")\n`);
    await hdfs.write(path, content);
    expect(await hdfs.status(path)).toMatchObject({ path, type: 'file', length: content.length, permission: '644' });
    expect(await hdfs.read(path, { maxBytes: 1000 })).toEqual(content);
    expect((await hdfs.list(directory)).map((entry) => entry.path)).toEqual([path]);
    await hdfs.rename(path, `${path}.py`);
    expect(await hdfs.remove(`${path}.py`)).toBe(true);
    expect(await hdfs.remove(`${path}.py`)).toBe(false);
  });
});

describe('status and read', () => {
  test('a status tells one file from its successor under the same name', async () => {
    const path = `${root}/replaced.py`;
    await hdfs.write(path, Buffer.from('1'));
    const first = await hdfs.status(path);
    expect(Math.abs(first.modificationTime - Date.now())).toBeLessThan(60_000);
    await expect(hdfs.write(path, Buffer.from('2'))).rejects.toBeInstanceOf(HdfsRejected);
    await hdfs.write(path, Buffer.from('2'), { overwrite: true });
    expect((await hdfs.status(path)).fileId).not.toBe(first.fileId);
  });

  test('large, empty and too large files', async () => {
    const bytes = randomBytes(8 * 1024 * 1024);
    await hdfs.write(`${root}/large.bin`, bytes);
    expect((await hdfs.read(`${root}/large.bin`, { maxBytes: bytes.length })).equals(bytes)).toBe(true);
    await expect(hdfs.read(`${root}/large.bin`, { maxBytes: bytes.length - 1 })).rejects.toBeInstanceOf(HdfsTooLarge);
    await hdfs.write(`${root}/empty.py`, Buffer.alloc(0));
    expect(await hdfs.read(`${root}/empty.py`, { maxBytes: 10 })).toHaveLength(0);
  });

  test('an expected length that is out of date costs a look, not the content', async () => {
    await hdfs.write(`${root}/grown.py`, Buffer.from('print(1)'));
    expect(await hdfs.read(`${root}/grown.py`, { maxBytes: 99, expectLength: 3 })).toEqual(Buffer.from('print(1)'));
  });

  test('what is not there, or is something else', async () => {
    await expect(hdfs.status(`${root}/none`)).rejects.toBeInstanceOf(HdfsNotFound);
    await expect(hdfs.list(`${root}/none`)).rejects.toBeInstanceOf(HdfsNotFound);
    await expect(hdfs.read(`${root}/none`, { maxBytes: 1 })).rejects.toMatchObject({
      name: 'HdfsNotFound',
      remoteClass: 'FileNotFoundException',
      path: `${root}/none`,
    });
    await expect(hdfs.read(root, { maxBytes: 1 })).rejects.toBeInstanceOf(HdfsRejected);
    await hdfs.write(`${root}/file.py`, Buffer.from('1'));
    await expect(hdfs.list(`${root}/file.py`)).rejects.toBeInstanceOf(HdfsRejected);
    await expect(hdfs.status(`${root}/file.py/below`)).rejects.toBeInstanceOf(HdfsNotFound);
    await expect(hdfs.rename(`${root}/none`, `${root}/other`)).rejects.toBeInstanceOf(HdfsRejected);
    await expect(hdfs.remove(root)).rejects.toBeInstanceOf(HdfsRejected);
  });

  test('ping tells how long the NameNode took', async () => {
    expect(await hdfs.ping()).toBeGreaterThan(0);
  });

  test('many at once', async () => {
    await hdfs.write(`${root}/often.py`, Buffer.from('print(1)'));
    const all = await Promise.all(Array.from({ length: 200 }, () => hdfs.read(`${root}/often.py`, { maxBytes: 99 })));
    expect(all.every((bytes) => bytes.toString() === 'print(1)')).toBe(true);
  });
});

test('listScripts: any depth, scripts only, Hadoop’s own directories passed over, denied ones told', async () => {
  const tree = `${root}/walk`;
  const scripts = [`${tree}/a.py`, `${tree}/b/c/d/é.py`, `${tree}/b/z.py`];
  const others = [`${tree}/a.txt`, `${tree}/b/x.pyc`, `${tree}/_temporary/t.py`, `${tree}/.Trash/u.py`];
  for (const path of [...scripts, ...others, `${tree}/closed/s.py`]) await hdfs.write(path, Buffer.from('1'));
  await setPermission(`${tree}/closed`, '700');

  const listing = await listScripts(stranger, tree);
  expect(listing.files.map((file) => file.path)).toEqual(scripts);
  expect(listing.truncated).toBe(false);
  expect(listing.errors).toEqual([{ path: `${tree}/closed`, message: expect.stringContaining('HDFS_USER') }]);
  await expect(listScripts(stranger, `${tree}/closed`)).rejects.toBeInstanceOf(HdfsDenied);
  await expect(listScripts(hdfs, `${tree}/none`)).rejects.toBeInstanceOf(HdfsNotFound);

  const cut = await listScripts(hdfs, tree, { limit: 2 });
  expect(cut).toMatchObject({ truncated: true, errors: [{ path: tree }] });
  expect(cut.files).toHaveLength(2);
});

/** Not part of the adapter: DAS changes nobody's permissions. */
async function setPermission(path: string, permission: string): Promise<void> {
  const query = new URLSearchParams({ op: 'SETPERMISSION', permission, 'user.name': userInfo().username });
  const url = `${urls[0]}/webhdfs/v1${path}?${query}`;
  const response = await fetch(url, { method: 'PUT', headers: { 'X-XSRF-HEADER': 'test' } });
  expect(response.status).toBe(200);
}
