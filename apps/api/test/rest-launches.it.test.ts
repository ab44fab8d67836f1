import type { LaunchPlan } from '@das/contracts/launch';
import type { RepairRequest } from '@das/contracts/run-request';
import type { Run } from '@das/contracts/run';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ended, startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';

/** What a launch would do, and how it is repaired. */
let das: Das;
let script: string;
beforeAll(async () => {
  das = await startDas({ stub: true });
  script = await das.putScript('exit.py', 'import sys, os\nsys.exit(int(sys.argv[1]))\n');
});
afterAll(() => das[Symbol.asyncDispose]());

const launch = async (codes: string[]) => {
  const items = codes.map((code) => ({ script, args: [code] }));
  const created = (await das.call('createLaunch', { body: { items } })).body;
  await Promise.all(created.runs.map(({ id }) => das.waitFor(id)));
  return created;
};
const read = async (id: string) => (await das.call('getLaunch', { params: { id } })).body;
const settled = (id: string) => eventually(`launch ${id} to end`, () => read(id), ({ finishedAt }) => finishedAt !== null); // prettier-ignore

describe('a dry run', () => {
  const plan = async (body: Parameters<typeof das.call<'createLaunch'>>[1]) =>
    (await das.call('createLaunch', { ...body, query: { dryRun: true } })) as unknown as { status: number; body: LaunchPlan }; // prettier-ignore

  test('tells what would start, and starts nothing', async () => {
    const module = await das.putScript('lib/shared.py', 'x = 1\n');
    await das.call('getScriptContent', { query: { path: script } });
    const saved = { conf: { 'spark.driver.memory': '600m' }, timeoutMs: 5000 };
    await das.call('putScriptSettings', { query: { path: script }, body: saved });
    const item = { script, args: ['0', 'two words'], conf: { 'spark.sql.shuffle.partitions': '7' } };
    const body = { defaults: { retries: 2, pyFiles: [module] }, items: [item] };
    const before = await das.db.runs.countDocuments();
    const { status, body: planned } = await plan({ body });
    expect(status).toBe(200);
    const [only] = planned.items;
    expect(only).toMatchObject({
      script,
      effective: {
        args: item.args,
        conf: { 'spark.driver.memory': '600m', 'spark.sql.shuffle.partitions': '7' },
        pyFiles: [module],
        retries: { max: 2 },
        timeoutMs: 5000,
        priority: 4,
      },
      sources: {
        args: 'item',
        conf: 'item',
        pyFiles: 'launch',
        retries: 'launch',
        timeoutMs: 'script',
        priority: 'platform',
      },
    });
    expect(only?.command.slice(-3)).toEqual([`hdfs://${script}`, '0', 'two words']);
    expect(only?.command.join(' ')).toMatch(
      /--master local\[\d+\] .*--conf spark\.driver\.memory=600m .*--py-files hdfs:/,
    );
    expect([await das.db.runs.countDocuments(), await das.db.launches.countDocuments()]).toEqual([before, 0]);
    const { runs } = (await das.call('createLaunch', { body })).body;
    expect((await das.waitFor(runs[0]?.id ?? '')).version).toBe(only?.version);
  });

  test('has the faults of the launch', async () => {
    const body = { items: [{ script: `${das.scriptsDir}/none.py` }, { script, conf: { 'spark.plugins': 'x' } }] };
    const bad = await das.api.refused('createLaunch', { query: { dryRun: true }, body });
    expect(bad.problem.errors).toMatchObject([{ path: 'items.1.conf.spark.plugins' }]);
    const gone = await das.api.refused('createLaunch', {
      query: { dryRun: true },
      body: { items: body.items.slice(0, 1) },
    });
    expect(gone.problem).toMatchObject({ code: 'not_found', errors: [{ path: 'items.0.script' }] });
  });
});

describe('a repair', () => {
  test('runs again what failed, in the same launch, which counts each item by its newest run', async () => {
    const { id, runs } = await launch(['0', '1', '1']);
    const broken = await settled(id);
    expect(broken).toMatchObject({ state: 'failed', counts: { completed: 1, failed: 2 } });
    const body: RepairRequest = { only: 'failed', version: 'pinned', overrides: { args: ['0'] } };
    const repaired = await das.call('repairLaunch', { params: { id }, body });
    expect(repaired.status).toBe(202);
    expect(repaired.body.runs.map(({ rerunOf }) => rerunOf)).toEqual(runs.slice(1).map((run) => run.id));
    const again: Run[] = await Promise.all(repaired.body.runs.map((run) => das.waitFor(run.id)));
    expect(again.map(({ launchId, args }) => [launchId, args])).toEqual([[id, ['0']], [id, ['0']]]); // prettier-ignore
    const whole = await settled(id);
    expect(whole).toMatchObject({ state: 'completed', counts: { completed: 3 } });
    expect(Date.parse(whole.finishedAt ?? '')).toBe(Math.max(...again.map((run) => Date.parse(run.finishedAt ?? ''))));
    expect((await das.call('listLaunchRuns', { params: { id } })).body.items).toHaveLength(5);
    const { problem } = await das.api.refused('repairLaunch', { params: { id }, body });
    expect(problem.code).toBe('invalid_state');
  });

  test('is active while its new runs are; cancelled ones are repaired when asked to', async () => {
    const sleeping = await das.putScript('sleep.py', 'import time\ntime.sleep(60)\n');
    const items = [{ script: sleeping }, { script: sleeping }];
    const { id } = (await das.call('createLaunch', { body: { items } })).body;
    await das.call('cancelLaunch', { params: { id } });
    expect(await settled(id)).toMatchObject({ state: 'cancelled', counts: { cancelled: 2 } });
    expect((await das.api.refused('repairLaunch', { params: { id }, body: {} })).problem.code).toBe('invalid_state');
    await das.call('repairLaunch', { params: { id }, body: { only: 'both' } });
    const open = await read(id);
    expect(open).toMatchObject({ state: 'active', finishedAt: null, durationMs: null });
    expect(Object.values(open.counts).reduce((sum, n) => sum + n, 0)).toBe(2);
    await das.call('cancelLaunch', { params: { id } });
    expect(await settled(id)).toMatchObject({ state: 'cancelled', counts: { cancelled: 2 } });
  });

  test('twice at once: one wins, no item runs twice', async () => {
    const { id } = await launch(['1', '1']);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => das.api.fetch('repairLaunch', { params: { id }, body: {} })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 409, 409, 409]);
    const { items } = (await das.call('listLaunchRuns', { params: { id } })).body;
    expect(items).toHaveLength(4);
    await Promise.all(items.map((run) => das.waitFor(run.id, ended)));
    expect((await settled(id)).counts).toEqual({ failed: 2 });
  });

  test('all faults at once; what there is not', async () => {
    const { id } = await launch(['1']);
    const body = { only: 'some', overrides: { conf: { 'spark.plugins': 'x' } }, x: 1 };
    const { problem } = await das.api.refused('repairLaunch', { params: { id }, body });
    expect(problem.errors?.map(({ path }) => path).toSorted()).toEqual(['only', 'overrides.conf.spark.plugins', 'x']);
    expect((await das.api.refused('repairLaunch', { params: { id: 'none' }, body: {} })).problem.code).toBe(
      'not_found',
    );
  });
});
