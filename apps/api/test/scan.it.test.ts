import type { Scan } from '@das/contracts/script';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';

/** Scans of the scripts directory: what is found, what they make of changes, and what they cannot see. */
let das: Das;
beforeAll(async () => {
  das = await startDas({ stub: true, apiEnv: { HDFS_USER: 'das-scan-test' } });
  await scan(); // the one that begins at start: joined, or over
});
afterAll(() => das[Symbol.asyncDispose]());

const scanOf = async (id: string): Promise<Scan> => (await das.call('getScan', { params: { id } })).body;

async function scan(): Promise<Scan> {
  const { id } = (await das.call('startScan')).body;
  return eventually(
    'the scan ends',
    () => scanOf(id),
    ({ state }) => state !== 'running',
  );
}

const tracked = async () => (await das.call('listScripts')).body.items;

test('scripts at any depth are found; what is no script is not', async () => {
  const paths = await Promise.all([
    das.putScript('a.py', 'print("a")\n'),
    das.putScript('deep/er/and/deeper/b.py', 'print("b")\n'),
    das.putScript('deep/ü ñ/c.py', ''),
  ]);
  await das.putScript('notes.txt', 'no script');
  await das.putScript('deep/lib.zip', 'no script');
  expect(await scan()).toMatchObject({ state: 'done', found: 3, added: paths, changed: [], missing: [] });
  expect(await tracked()).toMatchObject(
    paths.map((path) => ({ path, status: 'pending', missing: false, sha256: null, lastRun: null })),
  );
  expect(await das.db.scripts.findOne({ _id: paths[0] as string })).toMatchObject({
    name: 'a.py',
    status: 'pending',
    directory: das.scriptsDir,
  });
  expect(await scan()).toMatchObject({ found: 3, added: [], changed: [], missing: [] });
});

test('a changed script is noticed; a vanished one is missing, keeps its history, and may come back', async () => {
  const path = `${das.scriptsDir}/a.py`;
  const run = await das.runToEnd({ script: path });
  await das.putScript('a.py', 'print("another a")\n');
  expect(await scan()).toMatchObject({ changed: [path], missing: [] });
  await das.hdfs.remove(path);
  expect(await scan()).toMatchObject({ found: 2, missing: [path] });
  expect((await das.call('listScripts', { query: { missing: true } })).body.items).toMatchObject([
    { path, missing: true, status: 'success', lastRun: { id: run.id } },
  ]);
  expect(await scan()).toMatchObject({ missing: [] }); // told once
  await das.putScript('a.py', 'print("back")\n');
  await scan();
  expect((await tracked()).find((script) => script.path === path)).toMatchObject({ missing: false, status: 'success' });
});

test('a denied directory is told, the rest is scanned, and what lies in it is not taken for missing', async () => {
  const inside = await das.putScript('secret/d.py', '');
  expect(await scan()).toMatchObject({ added: [inside] });
  await das.setPermission(`${das.scriptsDir}/secret`, '700');
  const beside = await das.putScript('e.py', '');
  const { added, missing, errors } = await scan();
  expect({ added, missing, places: errors?.map(({ path }) => path) }).toEqual({
    added: [beside],
    missing: [],
    places: [`${das.scriptsDir}/secret`],
  });
  expect(errors?.[0]?.message).toMatch(/denied|permission/i);
  await das.setPermission(`${das.scriptsDir}/secret`, '755');
  expect((await scan()).errors ?? []).toEqual([]);
});

test('a scan that runs is joined, in every API process', async () => {
  const second = await das.addApi();
  const asked = await Promise.all([das.api, second, das.api, second].map((api) => api.call('startScan')));
  const ids = new Set(asked.map(({ body }) => body.id));
  for (const id of ids)
    await eventually(
      'it ends',
      () => scanOf(id),
      ({ state }) => state !== 'running',
    );
  expect(ids.size).toBeLessThanOrEqual(2); // one after the other at most, never one beside the other
});

test('scans go on by themselves: at start, and every SCAN_INTERVAL_MS', async () => {
  await using own = await startDas({ workers: 0, stub: true, apiEnv: { SCAN_INTERVAL_MS: '300' } });
  const first = await own.putScript('first.py', '');
  const paths = async () => (await own.call('listScripts')).body.items.map(({ path }) => path);
  await eventually('the first is found', paths, (found) => found.includes(first));
  const second = await own.putScript('second.py', '');
  await eventually('the second is found', paths, (found) => found.includes(second));
});

test('no scripts directory: the scan says so', async () => {
  await using own = await startDas({ workers: 0, stub: true });
  await own.hdfs.remove(own.scriptsDir, { recursive: true });
  const { id } = (await own.call('startScan')).body;
  const ended = await eventually(
    'it ends',
    async () => (await own.call('getScan', { params: { id } })).body,
    ({ state }) => state !== 'running',
  );
  expect(ended).toMatchObject({ state: 'failed', found: 0, errors: [{ path: own.scriptsDir }] });
});
