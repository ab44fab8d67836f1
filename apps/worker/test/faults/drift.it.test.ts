import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { startWebHdfsProxy } from '@das/testkit/webhdfs-proxy';
import type { Mischief, WebHdfsProxy } from '@das/testkit/webhdfs-proxy';

/** Guarantee 11: executed bytes = accepted bytes, whatever happens to the file while the worker fetches it. */
let das: Das;
let proxy: WebHdfsProxy;
beforeAll(async () => {
  proxy = await startWebHdfsProxy(inject('stack').hdfsUrl);
  das = await startDas({ stub: true, workerEnv: { HDFS_URL: proxy.url, HDFS_DEADLINE_MS: '5000' } });
});
afterEach(() => proxy.heal());
afterAll(async () => {
  await das[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

const ACCEPTED = 'print("as accepted")\n';

/** Does something to the file once, between the worker's look at it and its reading. */
function whileFetched(file: string, act: () => Promise<unknown>): void {
  let done = false;
  proxy.meddle = async ({ op, path }): Promise<Mischief> => {
    if (done || path !== file || op !== 'OPEN') return 'pass';
    done = true;
    await act();
    return 'pass';
  };
}

describe('while the worker fetches it, a script is', () => {
  const overwrite = (path: string, text: string) => das.hdfs.write(path, Buffer.from(text), { overwrite: true });
  test.each([
    ['changed, its length the same', (path: string) => overwrite(path, 'print("as rejected")\n'.slice(0, ACCEPTED.length))],
    ['truncated', (path: string) => overwrite(path, ACCEPTED.slice(0, 9))],
    ['emptied', (path: string) => overwrite(path, '')],
    ['made longer', (path: string) => overwrite(path, `${ACCEPTED}print("and more")\n`)],
    ['deleted', (path: string) => das.hdfs.remove(path)],
    ['replaced by another file', async (path: string) => {
      await overwrite(`${path}.new.py`, 'print("another")\n');
      await das.hdfs.remove(path);
      await das.hdfs.rename(`${path}.new.py`, path);
    }],
    ['replaced by a directory', async (path: string) => {
      await das.hdfs.remove(path);
      await das.hdfs.mkdirs(path);
    }],
    ['made larger than a script may be', (path: string) => overwrite(path, '#'.repeat(9 * 1024 * 1024))],
  ])('%s: the pinned copy runs, and the run is marked', async (how, act) => {
    const script = await das.putScript(`${how.replaceAll(/\W+/g, '-')}.py`, ACCEPTED);
    whileFetched(script, () => act(script));
    const run = await das.runToEnd({ script });
    expect(run).toMatchObject({ state: 'completed', drifted: true, failures: 0, result: { tail: 'as accepted\n' } });
  }); // prettier-ignore

  test('so are its pyFiles', async () => {
    const module = await das.putScript('shared.py', 'text = "as accepted"\n');
    const script = await das.putScript('uses.py', 'import shared\nprint(shared.text)\n');
    whileFetched(module, () => overwrite(module, 'text = "otherwise"\n'));
    const run = await das.runToEnd({ script, pyFiles: [module] });
    expect(run).toMatchObject({ state: 'completed', drifted: true, result: { tail: 'as accepted\n' } });
  });

  test('left alone: not marked', async () => {
    const run = await das.runToEnd({ script: await das.putScript('calm.py', ACCEPTED) });
    expect(run).toMatchObject({ state: 'completed', drifted: false });
  });
});

test('a retry runs the same version, though the file was mended in between', async () => {
  const script = await das.putScript('broken.py', 'import os, sys\nprint("old")\nsys.exit(os.environ["DAS_ATTEMPT"] == "1")\n');
  const { id } = await das.submit({ script, retries: { max: 1, delayMs: 1000 } });
  await das.waitFor(id, ({ state }) => state === 'retrying', { everyMs: 20 });
  await das.putScript('broken.py', 'print("new")\n');
  expect(await das.waitFor(id)).toMatchObject({ state: 'completed', drifted: true, result: { tail: 'old\n' } });
}); // prettier-ignore

test('an edit that is a second old is what a submission runs, the same length or not, each time', async () => {
  const name = 'edited.py';
  const first = await das.putScript(name, 'print("edit 0")\n');
  for (const edit of ['edit 1', 'edit 2', 'a longer edit', 'edit 3']) {
    await das.submit({ script: first }); // so that all that may be remembered is
    await das.putScript(name, `print("${edit}")\n`);
    await sleep(1000);
    const run = await das.runToEnd({ script: first });
    expect(run).toMatchObject({ state: 'completed', drifted: false, result: { tail: `${edit}\n` } });
  }
});
