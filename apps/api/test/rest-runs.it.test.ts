import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';

/** Many runs at once: counts, histogram. */
let das: Das;
let good: string;
let bad: string;
const began = new Date(Math.floor(Date.now() / 60_000) * 60_000);
beforeAll(async () => {
  das = await startDas({ stub: true });
  good = await das.putScript('good.py', 'print("ok")\n');
  bad = await das.putScript('bad.py', 'raise SystemExit(3)\n');
  const requests = [good, good, bad].map((script, i) => ({ script, labels: { nth: String(i) } }));
  await Promise.all(requests.map((request) => das.runToEnd(request)));
});
afterAll(() => das[Symbol.asyncDispose]());

describe('counts', () => {
  test.each([
    [{}, { completed: 2, failed: 1 }],
    [{ state: 'failed,running' }, { failed: 1 }],
    [{ label: 'nth:0' }, { completed: 1 }],
    [{ q: 'GOOD' }, { completed: 2 }],
    [{ failureKind: 'exit_code', state: 'failed' }, { failed: 1 }],
    [{ createdBefore: '2026-01-01T00:00:00.000Z' }, {}],
  ])('%j', async (query, expected) => {
    expect((await das.call('countRuns', { query })).body).toEqual(expected);
  });

  test('filters are those of the list', async () => {
    const { problem } = await das.api.refused('countRuns', { query: { state: 'done', limit: 3 } });
    expect(problem.errors?.map(({ path }) => path).toSorted()).toEqual(['query.limit', 'query.state.0']);
  });
});

describe('histogram', () => {
  const span = (minutes: number, bucketMs: number) => ({
    from: new Date(began.getTime() - 3_600_000).toISOString(),
    to: new Date(began.getTime() + minutes * 60_000).toISOString(),
    bucketMs,
  });

  test.each([
    ['whole minutes', 3_600_000, {}],
    ['other times', 1_234_567, {}],
    ['filtered', 3_600_000, { script: '' }],
  ])('%s: every bucket is told, and all runs are in them', async (_, bucketMs, filter) => {
    const query = { ...span(60, bucketMs), ...filter, ...('script' in filter ? { script: bad } : {}) };
    const { buckets } = (await das.call('getRunHistogram', { query })).body;
    expect(buckets.map(({ at }) => at)).toEqual(
      Array.from({ length: Math.ceil(7_200_000 / bucketMs) }, (__, i) =>
        new Date(began.getTime() - 3_600_000 + i * bucketMs).toISOString(),
      ),
    );
    const sum = (state: 'completed' | 'failed') => buckets.reduce((n, { counts }) => n + (counts[state] ?? 0), 0);
    expect([sum('completed'), sum('failed')]).toEqual(['script' in filter ? 0 : 2, 1]);
  });

  test('at most 500 buckets, and a span that is one', async () => {
    const many = await das.api.refused('getRunHistogram', { query: span(60, 1000) });
    expect(many.problem.errors).toMatchObject([{ path: 'query.bucketMs' }]);
    const { from, to } = span(60, 1000);
    const none = await das.api.refused('getRunHistogram', { query: { from: to, to: from, bucketMs: 1000 } });
    expect(none.problem.errors).toMatchObject([{ path: 'query.to' }]);
    const missing = await das.api.refused('getRunHistogram');
    expect(missing.problem.errors?.map(({ path }) => path)).toEqual(['query.from', 'query.to', 'query.bucketMs']);
  });
});

describe('bulk', () => {
  const bulk = async (body: Parameters<typeof das.call<'bulkRuns'>>[1] & object) =>
    (await das.call('bulkRuns', body)).body;
  let sleeping: string;
  beforeAll(async () => {
    sleeping = await das.putScript('sleeping.py', 'import time\ntime.sleep(60)\n');
  });

  test('cancel by filter: what runs, what waits, and what is too late', async () => {
    const labels = { bulk: 'cancel' };
    const late = await das.runToEnd({ script: good, labels });
    const first = await das.submit({ script: sleeping, labels });
    await das.waitFor(first.id, ({ state }) => state === 'running');
    const others = Array.from({ length: 5 }, () => das.submit({ script: sleeping, labels }));
    const runs = [first, ...(await Promise.all(others))];
    const filter = { label: 'bulk:cancel' };
    expect(await bulk({ body: { action: 'cancel', filter, dryRun: true } })).toEqual({ matched: 7, items: [] });
    const surprised = await das.api.refused('bulkRuns', { body: { action: 'cancel', filter, expect: 6 } });
    expect(surprised.problem.code).toBe('invalid_state');
    const done = await bulk({ body: { action: 'cancel', filter, expect: 7 } });
    expect(done.matched).toBe(7);
    const told = Object.fromEntries(done.items.map(({ id, ok, code }) => [id, code ?? ok]));
    expect(told).toEqual({ ...Object.fromEntries(runs.map(({ id }) => [id, true])), [late.id]: 'invalid_state' });
    const after = await Promise.all(runs.map(({ id }) => das.waitFor(id)));
    expect(new Set(after.map(({ state }) => state))).toEqual(new Set(['cancelled']));
    const again = await bulk({ body: { action: 'cancel', ids: runs.map(({ id }) => id) } });
    expect(again.items.every(({ ok }) => ok)).toBe(true);
  });

  test('rerun by ids, in their order; what cannot be run is told apart', async () => {
    const doomed = await das.putScript('doomed.py', 'print()\n');
    const [first, gone] = await Promise.all([
      das.runToEnd({ script: good, args: ['a'] }),
      das.runToEnd({ script: doomed }),
    ]);
    await das.hdfs.remove(doomed, { recursive: false });
    // What is known of a file may be 1 s old; a submit just before has looked.
    await sleep(1_100);
    const ids = [gone.id, first.id, gone.id];
    const { matched, items } = await bulk({ body: { action: 'rerun', ids }, headers: { 'Idempotency-Key': 'bulk-1' } });
    expect(matched).toBe(2);
    expect(items).toMatchObject([
      { id: gone.id, ok: false, code: 'not_found' },
      { id: first.id, ok: true },
    ]);
    expect(items[0]?.detail).toContain(doomed);
    expect(await das.waitFor(items[1]?.runId ?? '')).toMatchObject({
      rerunOf: first.id,
      args: ['a'],
      state: 'completed',
    });
    const replayed = await bulk({ body: { action: 'rerun', ids }, headers: { 'Idempotency-Key': 'bulk-1' } });
    expect(replayed).toEqual({ matched, items });
  });

  test('runs that there are not; ids and filter; all faults', async () => {
    const unknown = await das.api.refused('bulkRuns', { body: { action: 'cancel', ids: ['none', 'neither'] } });
    expect(unknown.problem).toMatchObject({ code: 'not_found', errors: [{ path: 'ids.0' }, { path: 'ids.1' }] });
    const neither = await das.api.refused('bulkRuns', { body: { action: 'cancel' } });
    expect(neither.problem.errors).toMatchObject([{ path: 'ids' }]);
    const bad = await das.api.refused('bulkRuns', { body: { action: 'stop', filter: { state: ['done'], limit: 1 } } });
    expect(bad.problem.errors?.map(({ path }) => path).toSorted()).toEqual([
      'action',
      'filter.limit',
      'filter.state.0',
    ]);
  });

  test('a thousand at once', async () => {
    const labels = { bulk: 'many' };
    const items = Array.from({ length: 1000 }, () => ({ script: sleeping, labels }));
    await das.call('createLaunch', { body: { items } });
    const { matched, items: told } = await bulk({
      body: { action: 'cancel', filter: { label: 'bulk:many', state: ['queued', 'running'] } },
    });
    expect([matched, told.filter(({ ok }) => ok).length]).toEqual([1000, 1000]);
    await das.call('submitRun', { body: { script: good, labels } });
    const { problem } = await das.api.refused('bulkRuns', {
      body: { action: 'rerun', filter: { label: 'bulk:many' } },
    });
    expect(problem.errors).toMatchObject([{ path: 'filter' }]);
    expect((await bulk({ body: { action: 'rerun', filter: { label: 'bulk:many' }, dryRun: true } })).matched).toBe(
      1001,
    );
  });
});
