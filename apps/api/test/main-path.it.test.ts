import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';
import { processesWith } from '@das/testkit/processes';

/** The main job with a real spark-submit, as a person does it. */
let das: Das;
beforeAll(async () => {
  das = await startDas();
});
afterAll(() => das[Symbol.asyncDispose]());

/** A scan that is over. */
async function scanned() {
  const { id } = (await das.call('startScan')).body;
  return eventually(
    'the scan is done',
    async () => (await das.call('getScan', { params: { id } })).body,
    ({ state }) => state !== 'running',
  );
}

const COUNT = `
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
print("rows", spark.range(int(sys.argv[1])).count(), flush=True)
spark.stop()
`;
const FLAKY = `
import os
if int(os.environ["DAS_ATTEMPT"]) < 2:
    raise RuntimeError("the source is not there yet")
print("second time lucky")
`;
const BROKEN = 'rows = {}\nprint(rows["none"])\n';
const ENDLESS = `
import subprocess, time
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
print("child", child.pid, flush=True)
time.sleep(600)
`;

test(
  'scan, preview, launch of three with retries, live states, summary, log, re-run',
  { timeout: 180_000 },
  async () => {
    const count = await das.putScript('reports/count.py', COUNT);
    const flaky = await das.putScript('reports/flaky.py', FLAKY);
    const broken = await das.putScript('broken.py', BROKEN);

    // One that has begun before the scripts lay there is joined: the API scans when it starts.
    const done = await eventually('a scan has found them', scanned, ({ found }) => found === 3);
    expect(done).toMatchObject({ state: 'done', missing: [] });
    expect(das.logs, 'where all is there a start warns of nothing').not.toMatch(/ - (WARN|ERROR) - /);
    const scripts = (await das.call('listScripts')).body.items;
    expect(scripts.map(({ path, status }) => [path, status])).toEqual([
      [broken, 'pending'],
      [count, 'pending'],
      [flaky, 'pending'],
    ]);
    const preview = (await das.call('getScriptContent', { query: { path: count } })).body;
    expect(preview).toMatchObject({ path: count, content: COUNT, size: COUNT.length, truncated: false });

    const live = await das.live();
    for (const topic of ['runs', 'scripts', 'launches', 'workers'])
      expect(await live.subscribe(topic)).toEqual({ ok: true });
    const launch = (
      await das.call('createLaunch', {
        body: {
          name: 'nightly',
          defaults: { retries: { max: 1, backoff: 'fixed', delayMs: 500 } },
          items: [
            { script: count, args: ['1000'], sha256: preview.sha256, conf: { 'spark.sql.shuffle.partitions': '2' } },
            { script: flaky },
            { script: broken, retries: 0 },
          ],
        },
      })
    ).body;
    const [countId = '', flakyId = '', brokenId = ''] = launch.runs.map(({ id }) => id);
    expect(await live.subscribe(`run:${countId}`)).toEqual({ ok: true });
    const [counted, retried, failed] = await Promise.all(
      [countId, flakyId, brokenId].map((id) => das.waitFor(id, undefined, { withinMs: 120_000 })),
    );

    expect(counted).toMatchObject({
      state: 'completed',
      launchId: launch.id,
      result: { exitCode: 0, tail: 'rows 1000\n' },
      drifted: false,
    });
    expect(counted?.attempts).toHaveLength(1);
    const [attempt] = counted?.attempts ?? [];
    expect(attempt).toMatchObject({ n: 1, state: 'completed', exitCode: 0, signal: null, deployMode: 'client' });
    expect(attempt?.trackingUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+/);
    expect(attempt?.command.slice(-2)[0]).toMatch(/\/count\.py$/);
    expect(attempt?.command.at(-1)).toBe('1000');
    expect(retried).toMatchObject({ state: 'completed', failures: 1, result: { tail: 'second time lucky\n' } });
    expect(retried?.attempts.map(({ state }) => state)).toEqual(['failed', 'completed']);
    expect(retried?.attempts[0]?.failure).toMatchObject({ kind: 'python_error' });
    expect(failed).toMatchObject({ state: 'failed', failure: { kind: 'python_error' }, result: { exitCode: 1 } });
    expect(failed?.failure?.summary).toContain("KeyError: 'none'");
    expect(failed?.failure?.excerpt).toContain('print(rows["none"])');

    await eventually(
      'the last live states',
      () => live.statesOf(brokenId).at(-1),
      (state) => state === 'failed',
    );
    expect(live.statesOf(countId)).toEqual(
      ['queued', 'running', 'completed'].filter((state) => live.statesOf(countId).includes(state)),
    );
    expect(live.statesOf(flakyId)).toEqual(expect.arrayContaining(['running', 'retrying', 'completed']));
    await live.until('log', (messages) =>
      messages
        .filter(({ runId, stream }) => runId === countId && stream === 'stdout')
        .map(({ text }) => text)
        .join('')
        .includes('rows 1000'),
    );
    await live.until('launch', (messages) =>
      messages.some(({ items }) => items.some(({ id, state }) => id === launch.id && state === 'failed')),
    );
    await live.until('script', (messages) =>
      messages.some(({ items }) => items.some(({ path, status }) => path === count && status === 'success')),
    );
    expect(
      live
        .of('worker')
        .flatMap(({ items }) => items)
        .some(({ running }) => running.includes(countId)),
    ).toBe(true);

    const summary = (await das.call('getLaunch', { params: { id: launch.id } })).body;
    expect(summary).toMatchObject({ name: 'nightly', state: 'failed', counts: { completed: 2, failed: 1 } });
    expect(summary.durationMs).toBeGreaterThan(0);
    expect((await das.call('listLaunchRuns', { params: { id: launch.id } })).body.items).toHaveLength(3);
    expect(await das.log(countId)).toContain('rows 1000\n');
    expect(await das.log(countId)).toContain('SparkContext');
    const statuses = (await das.call('listScripts')).body.items.map(({ path, status, lastRun }) => [
      path,
      status,
      lastRun?.id,
    ]);
    expect(statuses).toEqual([
      [broken, 'failed', brokenId],
      [count, 'success', countId],
      [flaky, 'success', flakyId],
    ]);

    await das.putScript('broken.py', 'print("mended")\n');
    const again = (await das.call('rerunRun', { params: { id: brokenId }, body: { version: 'latest' } })).body;
    expect(again).toMatchObject({ rerunOf: brokenId });
    expect(await das.waitFor(again.id)).toMatchObject({ state: 'completed', result: { tail: 'mended\n' } });
    const history = (await das.call('getRunEvents', { params: { id: flakyId } })).body.items.map(({ from, to }) => [
      from,
      to,
    ]);
    expect(history).toEqual([
      [null, 'queued'],
      ['queued', 'running'],
      ['running', 'retrying'],
      ['retrying', 'running'],
      ['running', 'completed'],
    ]);
  },
);

test('cancel of a real run: all its processes are dead before it is cancelled', async () => {
  const run = await das.submit({ script: await das.putScript('endless.py', ENDLESS) });
  await eventually(
    'it runs',
    () => das.log(run.id).catch(() => ''),
    (log) => /child \d+/.test(log),
    { withinMs: 60_000 },
  );
  expect((await processesWith(`DAS_RUN_ID=${run.id}`)).length).toBeGreaterThanOrEqual(3); // java, python, sleep
  const cancelling = await das.call('cancelRun', { params: { id: run.id } });
  expect([cancelling.status, cancelling.body.state]).toEqual([202, 'cancelling']);
  const cancelled = await das.waitFor(run.id, undefined, { everyMs: 20 });
  expect(await processesWith(`DAS_RUN_ID=${run.id}`)).toEqual([]);
  expect(cancelled).toMatchObject({ state: 'cancelled', attempts: [{ state: 'cancelled' }] });
  const again = await das.call('cancelRun', { params: { id: run.id } });
  expect([again.status, again.body.state]).toEqual([200, 'cancelled']);
});
