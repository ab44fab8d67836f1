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
