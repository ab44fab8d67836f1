import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import type { Run } from '@das/contracts/run';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { IN_TURN } from '@das/testkit/in-turn';
import { startOwnHdfs } from '@das/testkit/own-hdfs';
import type { OwnHdfs } from '@das/testkit/own-hdfs';
import { startWebHdfsProxy } from '@das/testkit/webhdfs-proxy';
import type { HdfsRequest, Mischief, WebHdfsProxy } from '@das/testkit/webhdfs-proxy';

/** Guarantee 12: what passes in HDFS by itself uses up no retry, is said in `waiting`, and is never taken for a script. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

/** Lost to HDFS, and waiting for it; no retry (there is none) was used up. */
function waitsForHdfs({ losses, waiting }: Run): boolean {
  return losses > 0 && waiting?.reason === 'hdfs_unavailable';
}

function expectOnlyLosses(run: Run, tail: string): void {
  expect(run).toMatchObject({ state: 'completed', failures: 0, drifted: false, result: { tail } });
  expect(run.losses).toBeGreaterThan(0);
  expect(run.attempts.slice(0, -1).map(({ loss }) => loss?.kind)).toEqual(
    run.attempts.slice(0, -1).map(() => 'hdfs_unavailable'),
  );
}

// Before either part: two JVMs that start would leave the API no time to read what the other part submits.
let hdfs: OwnHdfs;
beforeAll(async () => {
  hdfs = await startOwnHdfs();
});
afterAll(() => hdfs[Symbol.asyncDispose]());

// Both parts mostly wait: for answers that do not come, and for HDFS.
describe.concurrent('a proxy in front of WebHDFS', () => {
  let das: Das;
  let proxy: WebHdfsProxy;
  beforeAll(async () => {
    proxy = await startWebHdfsProxy(inject('stack').hdfsUrl);
    das = await startDas({ stub: true, workerEnv: { HDFS_URL: proxy.url, HDFS_DEADLINE_MS: '2000' } });
  });
  afterEach(() => proxy.heal());
  afterAll(() => das[Symbol.asyncDispose]().finally(() => proxy[Symbol.asyncDispose]()));

  /** An error page that Python would run without complaint. */
  const PAGE = 'print("executed an error page")\n';
  const source = (name: string) => `print("${name}")\n# ${'x'.repeat(400)}\n`;
  const on = (node: HdfsRequest['node'], op: string, mischief: Mischief) => (request: HdfsRequest) =>
    request.node === node && request.op === op ? mischief : 'pass';
  const WAYS: [string, (request: HdfsRequest) => Mischief][] = [
    ['502 page for the status', on('namenode', 'GETFILESTATUS', { status: 502, page: PAGE })],
    ['503 page for the status', on('namenode', 'GETFILESTATUS', { status: 503, page: PAGE })],
    ['502 page for the redirect', on('namenode', 'OPEN', { status: 502, page: PAGE })],
    ['502 page for the content', on('datanode', 'OPEN', { status: 502, page: PAGE })],
    ['503 page without a body', on('datanode', 'OPEN', { status: 503, page: '' })],
    ['404 page for the content', on('datanode', 'OPEN', { status: 404, page: PAGE })],
    ['403 page for the status', on('namenode', 'GETFILESTATUS', { status: 403, page: PAGE })],
    ['200 page for the status', on('namenode', 'GETFILESTATUS', { status: 200, page: PAGE })],
    ['200 page for the content', on('datanode', 'OPEN', { status: 200, page: PAGE })],
    ['200 and nothing for the content', on('datanode', 'OPEN', { status: 200, page: '' })],
    ['a body that drips', on('datanode', 'OPEN', { dripMs: 50 })],
    ['a reset in the middle of the body', on('datanode', 'OPEN', 'reset')],
    ['no answer of the NameNode', on('namenode', 'OPEN', 'hang')],
    ['no answer of the DataNode', on('datanode', 'OPEN', 'hang')],
  ];

  test(
    'whatever comes instead of the file: the run waits, says so, and completes when it is over',
    IN_TURN,
    async () => {
      const scripts = await Promise.all(WAYS.map((_, i) => das.putScript(`way-${i}.py`, source(`way ${i}`))));
      const ways = new Map(scripts.map((path, i) => [path, WAYS[i]?.[1]]));
      proxy.meddle = (request) => ways.get(request.path)?.(request) ?? 'pass';
      const runs = await Promise.all(scripts.map((script) => das.submit({ script })));
      for (const [i, { id }] of runs.entries()) {
        const waiting = await das.waitFor(id, waitsForHdfs);
        expect([WAYS[i]?.[0], waiting.failures, waiting.state]).toEqual([WAYS[i]?.[0], 0, expect.stringMatching(/retrying|running/)]); // prettier-ignore
        expect(waiting.waiting?.detail).not.toBe('');
      }
      proxy.heal();
      const ended = await Promise.all(runs.map(({ id }) => das.waitFor(id, undefined, { withinMs: 120_000 })));
      for (const [i, run] of ended.entries()) expectOnlyLosses(run, `way ${i}\n`);
    },
  );

  test('submitting through it: hdfs_unavailable, and no page is stored as a script', IN_TURN, async () => {
    const api = await das.addApi({ HDFS_URL: proxy.url });
    const contents = await das.db.contents.countDocuments();
    const scripts = await Promise.all(WAYS.map(([name], i) => das.putScript(`submitted-${i}.py`, source(name))));
    const ways = new Map(scripts.map((path, i) => [path, WAYS[i]?.[1]]));
    const met = new Set<string>();
    proxy.meddle = (request) => {
      const mischief = ways.get(request.path)?.(request) ?? 'pass';
      if (mischief !== 'pass') met.add(request.path);
      return mischief;
    };
    const refusals = await Promise.all(scripts.map((script) => api.refused('submitRun', { body: { script } })));
    for (const [i, { status, problem }] of refusals.entries())
      expect([WAYS[i]?.[0], status, problem.code]).toEqual([WAYS[i]?.[0], 503, 'hdfs_unavailable']);
    expect(met).toEqual(new Set(scripts));
    expect(await das.db.contents.countDocuments()).toBe(contents);
    expect(await das.db.contents.countDocuments({ size: PAGE.length })).toBe(0);
  });
});

describe.concurrent('its daemons', () => {
  let das: Das;
  beforeAll(async () => {
    das = await startDas({
      stub: true,
      stack: { hdfsUrl: hdfs.url, hdfsRpcUrl: hdfs.rpcUrl },
      workerEnv: { HDFS_DEADLINE_MS: '2000' },
    });
  });
  afterAll(() => das[Symbol.asyncDispose]());

  /** Accepted, and not fetched before HDFS is broken: four others keep the worker busy. */
  async function acceptedBefore(name: string): Promise<{ id: string; release: () => Promise<unknown> }> {
    const blocker = await das.putScript('blocker.py', 'import time\ntime.sleep(120)\n');
    const busy = await Promise.all(Array.from({ length: 4 }, () => das.submit({ script: blocker })));
    await Promise.all(busy.map(({ id }) => das.waitFor(id, ({ phase }) => phase === 'running' || phase === 'submitting')));
    const script = await das.putScript(`${name}.py`, `print("${name}")\n`);
    const { id } = await das.submit({ script });
    return { id, release: () => Promise.all(busy.map((run) => das.call('cancelRun', { params: { id: run.id } }))) };
  } // prettier-ignore

  test.each(['datanode', 'namenode'] as const)('the %s hangs', IN_TURN, async (node) => {
    const { id, release } = await acceptedBefore(node);
    hdfs.freeze(node);
    await release();
    await das.waitFor(id, waitsForHdfs);
    hdfs.thaw(node);
    expectOnlyLosses(await das.waitFor(id, undefined, { withinMs: 120_000 }), `${node}\n`);
  });

  test('both are killed, and started again', IN_TURN, async () => {
    const { id, release } = await acceptedBefore('restarted');
    await hdfs.kill();
    await release();
    await das.waitFor(id, waitsForHdfs);
    await hdfs.restart();
    expectOnlyLosses(await das.waitFor(id, undefined, { withinMs: 120_000 }), 'restarted\n');
  });
});
