import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';

/** A log by lines, of a run that printed more than is kept. (How lines are cut and found: core, log-lines.) */
let das: Das;
let params: { id: string; n: number };
beforeAll(async () => {
  das = await startDas({ stub: true, workerEnv: { LOG_MAX_BYTES: '400000' } });
  const script = await das.putScript('lines.py', 'for i in range(20000):\n    print("%06d" % i, "x" * 90)\n');
  params = { id: (await das.runToEnd({ script })).id, n: 1 };
});
afterAll(() => das[Symbol.asyncDispose]());

const lines = async (query: Record<string, string | number>) => (await das.call('getLogLines', { params, query })).body;
const search = async (query: Record<string, string | number>) => (await das.call('searchLog', { params, query })).body;
const printed = (text: string) => Number(text.slice(0, 6));

test('the first 200, then on from where they end', async () => {
  const first = await lines({});
  expect([first.items.length, first.lines, first.nextLine, first.complete]).toEqual([200, 20_001, 201, true]);
  expect(first.items[0]).toMatchObject({ line: 1, offset: 0, stream: 'stderr', text: 'stub spark-submit: lines.py' });
  const next = await lines({ from: first.nextLine ?? 0, limit: 3 });
  expect(next.items.map(({ line, text }) => [line, printed(text)])).toEqual([[201, 199], [202, 200], [203, 201]]); // prettier-ignore
});

test.each([
  [{ tail: 'true' }, 200],
  [{ tail: 'true', limit: 7 }, 7],
  [{ tail: 7 }, 7],
  [{ tail: '' }, 200],
])('the last: %j', async (query, count) => {
  const { items, nextLine, size } = await lines(query);
  expect([items.length, items.at(-1)?.line, nextLine]).toEqual([count, 20_001, null]);
  const last = items.at(-1);
  expect((last?.offset ?? 0) + Buffer.byteLength(last?.text ?? '') + 1).toBe(size);
});

test('around a line that was dropped: what is left before and after, and the gap between', async () => {
  const { items, gap } = await lines({ around: 8000, limit: 10 });
  const after = items.find((item) => item.gap);
  expect(after?.gap).toEqual(gap);
  expect(after?.line).toBeGreaterThan(8000);
  for (const { line, text } of items.filter((item) => !item.gap)) expect(printed(text)).toBe(line - 2);
});

test('search: what is found, where it stands, and how far it was looked for', async () => {
  const { items, nextCursor, searchedTo, size } = await search({ q: '019998 x' });
  expect(items).toMatchObject([{ line: 20_000, stream: 'stdout' }]);
  expect([nextCursor, searchedTo]).toEqual([null, size]);
  const byOffset = await das.log(params.id, 1, { offset: items[0]?.offset ?? 0, limit: 8 });
  expect(byOffset).toBe('019998 x');
  const many = await search({ q: 'x' });
  expect(many.items).toHaveLength(500);
  const more = await search({ q: 'x', cursor: many.nextCursor ?? '' });
  expect(more.items[0]?.line).toBe((many.items.at(-1)?.line ?? 0) + 1);
  expect((await search({ q: 'x', stream: 'stderr' })).items).toEqual([]);
});

test('faults', async () => {
  const two = await das.api.refused('getLogLines', { params, query: { from: 1, tail: 'true' } });
  expect(two.problem.errors).toMatchObject([{ path: 'query' }]);
  const bad = await das.api.refused('getLogLines', { params, query: { from: 0, limit: 2001, stream: 'both' } });
  expect(bad.problem.errors?.map(({ path }) => path)).toEqual(['query.from', 'query.limit', 'query.stream']);
  expect((await das.api.refused('searchLog', { params, query: { q: '' } })).problem.code).toBe('invalid_request');
  const cursor = await das.api.refused('searchLog', { params, query: { q: 'x', cursor: 'nonsense' } });
  expect(cursor.problem.errors).toMatchObject([{ path: 'query.cursor' }]);
  for (const id of [params.id, 'none']) {
    const { problem } = await das.api.refused('getLogLines', { params: { id, n: 9 } });
    expect(problem.code).toBe('not_found');
  }
});
