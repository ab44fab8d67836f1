import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';

/** Logs by range, of a run that has ended, of one that runs, and of one that printed more than is kept. */
let das: Das;
let runId: string;
let whole: Buffer;
beforeAll(async () => {
  das = await startDas({ stub: true, workerEnv: { LOG_MAX_BYTES: '400000' } });
  const script = await das.putScript('lines.py', 'for i in range(5000):\n    print(f"line {i} äöü")\n');
  runId = (await das.runToEnd({ script })).id;
  whole = (await read({})).bytes;
});
afterAll(() => das[Symbol.asyncDispose]());

const fetchLog = (id: string, query: Record<string, string | number | boolean>, n = 1) =>
  das.api.fetch('getLog', { params: { id, n }, query });

async function read(query: Record<string, number>, id = runId) {
  const response = await fetchLog(id, query);
  const header = (name: string) => response.headers.get(name);
  return {
    status: response.status,
    bytes: Buffer.from(await response.arrayBuffer()),
    size: Number(header('x-log-size')),
    next: Number(header('x-log-next-offset')),
    complete: header('x-log-complete'),
    gap: header('x-log-gap'),
    type: header('content-type'),
  };
}

describe('of a run that has ended', () => {
  test('the whole of it: both streams as they came', async () => {
    const log = await read({});
    expect(log).toMatchObject({
      status: 200,
      size: whole.length,
      next: whole.length,
      complete: 'true',
      gap: null,
      type: 'text/plain; charset=utf-8',
    });
    const lines = whole.toString().trimEnd().split('\n');
    expect(lines).toContain('stub spark-submit: lines.py');
    expect(lines.filter((line) => line.startsWith('line '))).toEqual(
      Array.from({ length: 5000 }, (_, i) => `line ${i} äöü`),
    );
    expect(whole.length).toBe((await das.run(runId)).attempts[0]?.logSize);
  });

  test.each([
    [0, 10],
    [100, 1],
    [12_345, 70_000],
    [95_000, 1_000_000],
  ])('from %i, at most %i bytes', async (offset, limit) => {
    const { bytes, next, size } = await read({ offset, limit });
    expect(bytes.equals(whole.subarray(offset, offset + limit))).toBe(true);
    expect([next, size]).toEqual([Math.min(offset + limit, whole.length), whole.length]);
  });

  test('from the end', async () => {
    const { bytes, next } = await read({ offset: -500 });
    expect(bytes.equals(whole.subarray(-500))).toBe(true);
    expect(next).toBe(whole.length);
    expect((await read({ offset: -10_000_000, limit: 5 })).bytes.equals(whole.subarray(0, 5))).toBe(true);
  });

  test('beyond the end: nothing, and where to go on', async () => {
    const { status, bytes, next } = await read({ offset: whole.length + 10_000 });
    expect([status, bytes.length, next]).toEqual([200, 0, whole.length]);
  });

  test('page by page it is the same', async () => {
    const pages: Buffer[] = [];
    for (let offset = 0; offset < whole.length;) {
      const page = await read({ offset, limit: 30_000 });
      pages.push(page.bytes);
      offset = page.next;
    }
    expect(Buffer.concat(pages).equals(whole)).toBe(true);
  });

  test('as a download', async () => {
    const response = await fetchLog(runId, { download: true });
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${runId}-attempt-1.log"`);
    expect(Buffer.from(await response.arrayBuffer()).equals(whole)).toBe(true);
  });

  test('of an attempt that there is not', async () => {
    const { problem } = await das.api.refused('getLog', { params: { id: runId, n: 2 } });
    expect(problem.code).toBe('not_found');
  });
});

test('of a run that runs: what is there so far, and not complete', async () => {
  const script = await das.putScript('slow.py', 'import time\nprint("first", flush=True)\ntime.sleep(60)\n');
  const run = await das.submit({ script });
  const { complete } = await eventually(
    'its first line',
    () => read({}, run.id),
    ({ bytes }) => bytes.includes('first\n'),
  );
  expect(complete).toBe('false');
  await das.call('cancelRun', { params: { id: run.id } });
  await das.waitFor(run.id);
  expect((await read({}, run.id)).complete).toBe('true');
});

test('more than is kept: the beginning and the end, and a gap that is told', async () => {
  const script = await das.putScript('flood.py', 'for i in range(20000):\n    print("%08d" % i, "x" * 90)\n');
  const run = await das.runToEnd({ script });
  const { bytes, gap, size, next } = await read({}, run.id);
  const [start = 0, end = 0] = (gap ?? '').split('-').map(Number);
  expect(size).toBeGreaterThan(1_999_000); // as printed
  expect(start).toBeGreaterThan(90_000);
  expect(end).toBeGreaterThan(1_600_000);
  expect(bytes.length).toBe(size - (end - start));
  expect(bytes.length).toBeLessThanOrEqual(400_000 + 100);
  expect(next).toBe(size);
  expect(bytes.toString()).toContain('00000000 x');
  expect(bytes.toString().endsWith(`00019999 ${'x'.repeat(90)}\n`)).toBe(true);
});

test('bytes that are no UTF-8 come back as they were', async () => {
  const script = await das.putScript('binary.py', 'import sys\nsys.stdout.buffer.write(bytes(range(256)))\n');
  const run = await das.runToEnd({ script });
  expect((await read({}, run.id)).bytes.includes(Buffer.from(Array.from({ length: 256 }, (_, i) => i)))).toBe(true);
});
