import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { startWebHdfsProxy } from '@das/testkit/webhdfs-proxy';
import type { Mischief, WebHdfsProxy } from '@das/testkit/webhdfs-proxy';

/** What HDFS holds and MongoDB does not yet is read for a submit; here by the API only, as nobody executes it. */
describe('a script that nobody has submitted yet', () => {
  let das: Das;
  let proxy: WebHdfsProxy;
  beforeAll(async () => {
    proxy = await startWebHdfsProxy(inject('stack').hdfsUrl);
    das = await startDas({ workers: 0, apiEnv: { HDFS_URL: proxy.url } });
  });
  afterEach(() => proxy.heal());
  afterAll(() => das[Symbol.asyncDispose]().finally(() => proxy[Symbol.asyncDispose]()));

  /** Counts the reads that come to HDFS; `meet` decides what becomes of the `nth` (from 1). */
  function watchReads(meet: (nth: number, path: string) => Promise<Mischief>): () => number {
    let reads = 0;
    proxy.meddle = ({ node, op, path }) => (node === 'namenode' && op === 'OPEN' ? meet((reads += 1), path) : 'pass');
    return () => reads;
  }

  test('is read once for all who submit it at the same time', async () => {
    const script = await das.putScript('new-to-all.py', 'pass\n');
    const reads = watchReads(async () => {
      await sleep(300);
      return 'pass';
    });
    const submits = Array.from({ length: 20 }, () => das.call('submitRun', { body: { script } }));
    const answers = await Promise.all(submits);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
    expect(reads()).toBe(1);
  });

  test('is read again by whoever waited for a read that failed', async () => {
    const script = await das.putScript('fails-for-one.py', 'pass\n');
    const begun = Promise.withResolvers<void>();
    const reads = watchReads((nth) => {
      begun.resolve();
      return Promise.resolve(nth <= 2 ? 'hang' : 'pass');
    });
    const first = das.api.refused('submitRun', { body: { script } });
    await begun.promise;
    await sleep(1000);
    expect((await das.call('submitRun', { body: { script } })).status).toBe(202);
    expect(await first).toMatchObject({ status: 503, problem: { code: 'hdfs_unavailable' } });
    expect(reads()).toBe(3); // the first one had tried twice
  });

  test('is asked for again where the answer is stuck, within the time of the submit', async () => {
    const script = await das.putScript('stuck-once.py', 'pass\n');
    const reads = watchReads((nth) => Promise.resolve(nth === 1 ? 'hang' : 'pass'));
    expect((await das.call('submitRun', { body: { script } })).status).toBe(202);
    expect(reads()).toBe(2);
  });

  test('is stored, even where another one of its launch could not be read', async () => {
    const [good, bad] = [await das.putScript('good.py', 'good = 1\n'), await das.putScript('bad.py', 'bad = 1\n')];
    watchReads((_nth, path) => Promise.resolve(path === bad ? 'hang' : 'pass'));
    const body = { items: [{ script: good }, { script: bad }] };
    const { status, problem } = await das.api.refused('createLaunch', { body });
    expect([status, problem.code]).toEqual([503, 'hdfs_unavailable']);
    expect(await das.db.contents.countDocuments({ size: 'good = 1\n'.length })).toBe(1);
  });

  test('is one of many: not all are read at once, and none is refused for that', async () => {
    const names = Array.from({ length: 48 }, (_, index) => `one-of-many-${index}.py`);
    const scripts = await Promise.all(names.map((name) => das.putScript(name, `print("${name}")\n`)));
    const underWay = new Set<string>();
    let most = 0;
    watchReads(async (_nth, path) => {
      most = Math.max(most, underWay.add(path).size);
      await sleep(100);
      underWay.delete(path);
      return 'pass';
    });
    const answers = await Promise.all(scripts.map((script) => das.call('submitRun', { body: { script } })));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(16);
  });
});
