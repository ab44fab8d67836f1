import { newId } from '@das/core/domain/ids';
import type { RunDocument } from '@das/core/mongo/documents';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';

/** Failed runs by cause. What fails here fails in Python; the many are copies of such a run. */
let das: Das;
let reads: string;
let exits: string;
beforeAll(async () => {
  das = await startDas({ stub: true });
  reads = await das.putScript('reads.py', 'import sys\nraise ValueError("bad row %s of /in/%s.csv" % (sys.argv[1], sys.argv[1]))\n');
  exits = await das.putScript('exits.py', 'import sys\nsys.exit(int(sys.argv[1]))\n');
  const requests = [...['1', '22', '333'].map((row) => [reads, row]), [exits, '3'], [exits, '3'], [exits, '4'], [exits, '0']];
  await Promise.all(requests.map(([script = '', arg = '']) => das.runToEnd({ script, args: [arg], retries: 0 })));
}); // prettier-ignore
afterAll(() => das[Symbol.asyncDispose]());

const causes = async (query = {}) => (await das.call('getRunCauses', { query })).body;

test('groups by kind and by what the summaries have in common; the filters are those of the list', async () => {
  const all = await causes();
  expect(all).toMatchObject({ runsRead: 6, complete: true });
  expect(all.causes.map(({ kind, cause, runs }) => [kind, cause, runs])).toEqual([
    ['python_error', 'ValueError: bad row … of …', 3],
    ['exit_code', 'the script ended with exit code 3', 2],
    ['exit_code', 'the script ended with exit code 4', 1],
  ]);
  const [first] = all.causes;
  expect(first).toMatchObject({ scripts: [{ path: reads, runs: 3 }], scriptCount: 1, newest: { script: reads } });
  const newest = await das.run(first?.newest.id ?? '');
  expect(newest.failure?.summary).toBe(first?.newest.summary);
  expect((await causes({ script: exits })).runsRead).toBe(3);
  expect(await causes({ state: 'completed' })).toEqual({ causes: [], runsRead: 0, complete: true });
  expect(await causes({ failureKind: 'timeout' })).toEqual({ causes: [], runsRead: 0, complete: true });
});

test('a cause is a filter: of the list, of the counts and of many at once', async () => {
  for (const { kind, cause, runs } of (await causes()).causes) {
    const query = { state: 'failed', failureKind: kind, cause };
    expect((await das.call('listRuns', { query })).body.items, cause).toHaveLength(runs);
    expect((await das.call('countRuns', { query })).body).toEqual({ failed: runs });
    const filter = { state: ['failed'] as const, failureKind: [kind], cause };
    const body = { action: 'rerun' as const, filter: { ...filter, state: [...filter.state] }, dryRun: true };
    expect((await das.call('bulkRuns', { body })).body.matched).toBe(runs);
  }
  const { problem } = await das.api.refused('listRuns', { query: { cause: 'x'.repeat(401) } });
  expect(problem.errors).toMatchObject([{ path: 'query.cause' }]);
});

test('of many failures the newest 10,000 are read, and it says so', async () => {
  const [like] = await das.db.runs.find({ 'script.path': reads }).limit(1).toArray();
  const labels = [{ key: 'load', value: 'many' }];
  const many = Array.from({ length: 10_001 }, (_, index): RunDocument => ({
    ...(like as RunDocument),
    _id: newId(),
    labels,
    failure: { kind: 'python_error', summary: `E${'x'.repeat(index % 150)}: bad row ${index}`, excerpt: '' },
  })); // prettier-ignore
  await das.db.runs.insertMany(many);
  const told = await causes({ label: 'load:many' });
  expect(told).toMatchObject({ runsRead: 10_000, complete: false });
  expect(told.causes).toHaveLength(100);
  expect(told.causes[0]?.runs).toBe(67);
  const one = { label: 'load:many', cause: 'Exx: bad row …' };
  expect((await das.call('countRuns', { query: one })).body).toEqual({ failed: 67 });
  expect(await causes(one)).toMatchObject({ runsRead: 67, complete: true, causes: [{ cause: one.cause, runs: 67 }] });
});
