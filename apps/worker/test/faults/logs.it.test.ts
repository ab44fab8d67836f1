import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';

/**
 * Guarantee 13: output neither stalls nor kills anything. DAS_FAULTS=long (`npm run test:faults`) takes 2 GB and a line of 200 MB
 * where it is otherwise 120 MB and 20 MB.
 */
const LONG = process.env['DAS_FAULTS'] === 'long';
const MB = 1_000_000;
vi.setConfig({ testTimeout: LONG ? 1_200_000 : 240_000, hookTimeout: 240_000 });
const SLOW = { withinMs: LONG ? 1_100_000 : 200_000, everyMs: 250 };
const LOG_MAX_BYTES = 8 * 1024 * 1024;
/** What a worker may grow by, however much passes through it: buffers of each attempt, and what V8 has not collected yet. Bytes. */
const GROWTH = 200 * MB;

let das: Das;
let flood: string;
beforeAll(async () => {
  das = await startDas({ stub: true, workerEnv: { LOG_MAX_BYTES: String(LOG_MAX_BYTES), WORKER_CONCURRENCY: '21' } });
  flood = await das.putScript('flood.py', FLOOD);
  await das.runToEnd({ script: flood, args: ['20'] }); // the first one warms it up
});
afterAll(() => das[Symbol.asyncDispose]());

/** Lines of 100 bytes that are their own number: argument = thousands of them. */
const FLOOD = `import sys
for thousand in range(int(sys.argv[1])):
    sys.stdout.buffer.write(b"".join(b"%099d\\n" % i for i in range(1000 * thousand, 1000 * thousand + 1000)))
`;
const LINE = 100;

/** Bytes of the worker that are in memory. */
async function memory(): Promise<number> {
  const status = await readFile(`/proc/${das.workers[0]?.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

/** By how much the worker's memory grew at most while `work` went on. */
async function growthDuring<T>(work: () => Promise<T>): Promise<{ result: T; grown: number }> {
  const before = await memory();
  let most = before;
  const timer = setInterval(() => void memory().then((now) => (most = Math.max(most, now))), 100);
  try {
    return { result: await work(), grown: most - before };
  } finally {
    clearInterval(timer);
    console.log(`worker: ${Math.round(before / MB)} MB, at most ${Math.round(most / MB)} MB`);
  }
}

async function range(id: string, offset: number, limit: number) {
  const answer = await das.api.fetch('getLog', { params: { id, n: 1 }, query: { offset, limit } });
  const header = (name: string) => answer.headers.get(name);
  const [gapStart, gapEnd] = (header('x-log-gap') ?? '').split('-').map(Number);
  return {
    bytes: Buffer.from(await answer.arrayBuffer()),
    size: Number(header('x-log-size')),
    next: Number(header('x-log-next-offset')),
    complete: header('x-log-complete') === 'true',
    gap: gapEnd === undefined ? null : { start: gapStart ?? 0, end: gapEnd },
  };
}

test('a flood: the run ends, the log is capped with its gap told, ranges still read', async () => {
  const thousands = LONG ? 20_000 : 1200;
  const { result: run, grown } = await growthDuring(() =>
    das.runToEnd({ script: flood, args: [String(thousands)] }, SLOW),
  );
  expect(run).toMatchObject({ state: 'completed', losses: 0, failures: 0 });
  expect(grown).toBeLessThan(GROWTH);

  const head = await range(run.id, 0, 1000);
  const begins = head.bytes.indexOf('0'.repeat(99)); // after spark-submit's own line
  expect(head).toMatchObject({ size: begins + thousands * 1000 * LINE, complete: true });
  expect(run.attempts[0]?.logSize).toBe(head.size);
  const gap = head.gap ?? { start: 0, end: 0 };
  expect(gap.start).toBe(LOG_MAX_BYTES / 4);
  const kept = gap.start + head.size - gap.end;
  expect(kept).toBeLessThanOrEqual(LOG_MAX_BYTES);
  expect(kept).toBeGreaterThan(LOG_MAX_BYTES / 2);
  // A line is at its place, wherever one looks.
  const lineAt = (offset: number) => Math.ceil((offset - begins) / LINE);
  for (const offset of [1000, gap.start - 5000, gap.end, gap.end + 777_777, head.size - 5000]) {
    const { bytes } = await range(run.id, offset, 2000);
    const line = lineAt(offset);
    const at = begins + line * LINE - offset;
    expect(bytes.subarray(at, at + LINE).toString()).toBe(`${String(line).padStart(99, '0')}\n`);
  }
  const inGap = await range(run.id, gap.start + 12_345, 1000);
  expect(inGap.next).toBe(gap.end + 1000);
  expect((await range(run.id, -LINE, LINE)).bytes.toString()).toBe(
    `${String(thousands * 1000 - 1).padStart(99, '0')}\n`,
  );
  expect(run.result?.tail.endsWith(`${thousands * 1000 - 1}\n`)).toBe(true);
});

test('one line without an end', async () => {
  const megabytes = LONG ? 200 : 20;
  const script = await das.putScript(
    'line.py',
    `import sys\nfor _ in range(${megabytes}):\n    sys.stdout.buffer.write(b"x" * 1_000_000)\nsys.stdout.buffer.write(b"END")\n`,
  );
  const { result: run, grown } = await growthDuring(() => das.runToEnd({ script }, SLOW));
  expect(run).toMatchObject({ state: 'completed', losses: 0 });
  expect(grown).toBeLessThan(GROWTH);
  const tail = await range(run.id, -10, 10);
  expect(tail.bytes.toString()).toBe('xxxxxxxEND');
  expect(tail.size).toBeGreaterThan(megabytes * MB);
  expect(tail.complete).toBe(true);
});

test('bytes of any kind come back as they were', async () => {
  const script = await das.putScript(
    'binary.py',
    `import hashlib, random, sys
random.seed(7)
data = b"BEGIN" + bytes(range(256)) * 100 + b"\\0" * 70_000 + b"\\xff\\xfe\\n" * 1000 + random.randbytes(3_000_000)
sys.stdout.buffer.write(data)
sys.stdout.buffer.flush()
open(__import__("os").environ["DAS_RESULT_FILE"], "w").write('"' + hashlib.sha256(data).hexdigest() + '"')
`,
  );
  const run = await das.runToEnd({ script }, SLOW);
  expect(run.state).toBe('completed');
  const answer = await das.api.fetch('getLog', { params: { id: run.id, n: 1 }, query: {} });
  const log = Buffer.from(await answer.arrayBuffer());
  const data = log.subarray(log.indexOf('BEGIN'));
  expect(createHash('sha256').update(data).digest('hex')).toBe(run.result?.value);
});

describe('20 chatty runs at once', () => {
  test('all end, memory stays, and what a quiet one says is still seen live', async () => {
    const live = await das.live();
    const ticker = await das.putScript(
      'ticker.py',
      'import time\nfor _ in range(60):\n    print("tick", time.time(), flush=True)\n    time.sleep(0.1)\n',
    );
    const delays: number[] = [];
    live.socket.on('log', ({ text }) => {
      const now = Date.now();
      for (const [, at] of text.matchAll(/^tick ([\d.]+)$/gm)) delays.push(now - Number(at) * 1000);
    });
    const { grown } = await growthDuring(async () => {
      const items = Array.from({ length: 20 }, () => ({ script: flood, args: ['100'] }));
      const launch = (await das.call('createLaunch', { body: { items } })).body;
      const quiet = await das.submit({ script: ticker, priority: 1 });
      await live.subscribe(`run:${quiet.id}`);
      await das.waitFor(quiet.id, undefined, SLOW);
      const ended = await Promise.all(launch.runs.map(({ id }) => das.waitFor(id, undefined, SLOW)));
      expect(ended.map(({ state, losses }) => [state, losses])).toEqual(ended.map(() => ['completed', 0]));
    });
    expect(grown).toBeLessThan(2 * GROWTH);
    await live.until('log', () => delays.length >= 55);
    const sorted = delays.toSorted((a, b) => a - b);
    console.log(`log events: median ${sorted[sorted.length >> 1]} ms, slowest ${sorted.at(-1)} ms`);
    // 1 s is promised on a machine that is not overloaded; this one starts twenty Pythons at once.
    expect(sorted[sorted.length >> 1]).toBeLessThan(5000);
  });
});
