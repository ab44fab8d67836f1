import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';

/** What scripts leave in their folders, where nothing else of DAS can be hindered by it. */
let das: Das;
beforeAll(async () => {
  das = await startDas({ stub: true });
});
afterAll(() => das[Symbol.asyncDispose]());

/** A folder that was copied into itself until the kernel refused: no path leads to its bottom. */
const COPIED_INTO_ITSELF = `import os, time
for _ in range(600):
    os.mkdir("copy-of-itself")
    os.chdir("copy-of-itself")
print("done", flush=True)
`;
const workerDir = () => join(das.home, 'worker-dir-0');
const attemptFolders = async () => {
  const workers = (await readdir(workerDir())).filter((name) => name !== 'spark-start');
  const inside = await Promise.all(workers.map((name) => readdir(join(workerDir(), name))));
  return inside.flat().filter((name) => name.startsWith('01'));
};

test('a tree deeper than any path goes with its run', async () => {
  const run = await das.runToEnd({ script: await das.putScript('deep.py', COPIED_INTO_ITSELF) });
  expect(run).toMatchObject({ state: 'completed', result: { tail: 'done\n' } });
  await eventually('no folder of an attempt', attemptFolders, (left) => left.length === 0);
});

test('one that a dead worker left keeps no worker from starting', async () => {
  const script = await das.putScript('deep-and-long.py', `${COPIED_INTO_ITSELF}time.sleep(300)\n`);
  const { id } = await das.submit({ script });
  await das.waitFor(id, ({ phase }) => phase === 'running');
  await das.call('cancelRun', { params: { id } });
  das.kill(das.workers[0]?.pid ?? 0);
  expect(await das.waitFor(id)).toMatchObject({ state: 'cancelled' });
  await eventually(
    'the worker is gone',
    async () => (await das.call('listWorkers')).body.items.map(({ state }) => state),
    (states) => states.every((state) => state === 'gone'),
    { withinMs: 60_000 },
  );
  expect(await attemptFolders()).toHaveLength(1);
  await das.addWorker({ WORKER_DIR: workerDir() });
  expect(await attemptFolders()).toEqual([]);
});

test('a worker whose whole folder was removed says so', async () => {
  const source = 'import os, shutil\nshutil.rmtree(os.path.dirname(os.path.dirname(os.environ["DAS_RESULT_FILE"])))\n';
  expect(await das.runToEnd({ script: await das.putScript('too-far-up.py', source) })).toMatchObject({
    state: 'completed',
  });
  const told = await eventually(
    'it rests',
    async () => (await das.call('listWorkers')).body.items.find(({ state }) => state === 'unhealthy'),
    (worker) => worker !== undefined,
  );
  expect(told?.detail).toMatch(/takes no runs until it can start them again.*ENOENT/);
  const next = await das.submit({ script: await das.putScript('next.py', 'print("served")\n') });
  await das.addWorker();
  expect(await das.waitFor(next.id)).toMatchObject({ state: 'completed', result: { tail: 'served\n' } });
});
