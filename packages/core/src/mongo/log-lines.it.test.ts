import type { Stream } from '@das/contracts/states';
import { Binary } from 'mongodb';
import { randomUUID } from 'node:crypto';
import { ownDatabase } from '@das/testkit/own-database';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countNewlines } from '../domain/newlines.ts';
import type { Database } from './database.ts';
import { LogLines } from './log-lines.ts';
import type { LogLine } from './log-line-page.ts';
import { chunkId, LOG_CHUNK_BYTES, LogStore } from './log-store.ts';

let db: Database & AsyncDisposable;
let lines: LogLines;
beforeAll(async () => {
  db = await ownDatabase();
  lines = new LogLines(db);
});
afterAll(() => db[Symbol.asyncDispose]());

type Piece = [Stream, string | Buffer];
const AT = Date.parse('2026-11-22T10:00:00.000Z');

/** Stores a log in chunks of these pieces; the `n`-th piece came `n` ms after AT. */
async function store(chunks: Piece[][]): Promise<{ runId: string; attempt: number }> {
  const of = { runId: randomUUID(), attempt: 1 };
  let [offset, firstLine, arrived] = [0, 1, 0];
  const documents = chunks.map((pieces) => {
    const buffers = pieces.map(([, bytes]) => Buffer.from(bytes as string));
    const data = Buffer.concat(buffers);
    const segments = pieces.map(([stream], i) => ({ stream, at: new Date(AT + arrived++), length: (buffers[i] as Buffer).length })); // prettier-ignore
    const document = { ...of, _id: chunkId(of.runId, 1, offset), offset, length: data.length, firstLine, segments, data: new Binary(data) }; // prettier-ignore
    offset += data.length;
    firstLine += countNewlines(data);
    return document;
  });
  await new LogStore(db).append(documents);
  return of;
}

const brief = ({ items }: { items: LogLine[] }) => items.map(({ line, stream, text }) => `${line} ${stream} ${text}`);

describe('a small log', () => {
  let of: { runId: string; attempt: number };
  beforeAll(async () => {
    of = await store([
      [['stderr', 'one\ntwo\n'], ['stdout', 'thr']],
      [['stdout', 'ee äö']],
      [['stdout', 'ü\n\nfive\n'], ['stdout', 'half '], ['stderr', 'WARN\n'], ['stdout', 'other half\nend']],
    ]); // prettier-ignore
  });

  test('lines go over chunks; what two streams wrote of one line is told apart', async () => {
    expect(await lines.count(of)).toBe(8);
    const { items, nextLine } = await lines.from(of, 1, { limit: 100 });
    expect(brief({ items })).toEqual([
      '1 stderr one', '2 stderr two', '3 stdout three äöü', '4 stdout ', '5 stdout five', '6 stdout half ', '6 stderr WARN', '7 stdout other half', '8 stdout end',
    ]); // prettier-ignore
    expect(nextLine).toBeNull();
    expect(items.map(({ offset }) => offset)).toEqual([0, 4, 8, 21, 22, 27, 32, 37, 48]);
    expect(items.map(({ at }) => at.getTime() - AT)).toEqual([0, 0, 1, 3, 3, 4, 5, 6, 6]);
  });

  test('any window', async () => {
    for (let from = 1; from <= 9; from += 1) {
      const all = (await lines.from(of, 1, { limit: 100 })).items.filter(({ line }) => line >= from);
      const { items, nextLine } = await lines.from(of, from, { limit: 2 });
      expect(items).toEqual(from === 5 || from === 6 ? all.slice(0, from === 5 ? 3 : 2) : all.slice(0, 2));
      expect(nextLine).toBe(all[items.length]?.line ?? null);
    }
    expect(await lines.from(of, 99, { limit: 2 })).toEqual({ items: [], nextLine: null, previousLine: 99 });
    expect(brief(await lines.tail(of, { limit: 2 }))).toEqual(['7 stdout other half', '8 stdout end']);
    expect(brief(await lines.around(of, 4, { limit: 3 }))).toEqual([
      '3 stdout three äöü',
      '4 stdout ',
      '5 stdout five',
    ]);
    expect(brief(await lines.around(of, 1, { limit: 2 }))).toEqual(['1 stderr one', '2 stderr two']);
  });

  test('one stream', async () => {
    expect(brief(await lines.from(of, 2, { limit: 9, stream: 'stderr' }))).toEqual(['2 stderr two', '6 stderr WARN']);
    expect(brief(await lines.tail(of, { limit: 2, stream: 'stderr' }))).toEqual(['2 stderr two', '6 stderr WARN']);
    expect(brief(await lines.tail(of, { limit: 1, stream: 'stderr' }))).toEqual(['6 stderr WARN']);
    expect(brief(await lines.around(of, 6, { limit: 3, stream: 'stdout' }))).toEqual(['5 stdout five', '6 stdout half ', '7 stdout other half']); // prettier-ignore
  });

  test('back from the end, page by page', async () => {
    for (const stream of [undefined, 'stdout', 'stderr'] as const) {
      const all = brief(await lines.from(of, 1, { limit: 100, stream }));
      const found: string[] = [];
      for (let line: number | null = 99; line !== null;) {
        const page = await lines.before(of, line, { limit: 2, stream });
        found.unshift(...brief(page));
        expect(page.nextLine).toBe(line);
        line = page.previousLine;
      }
      expect(found).toEqual(all);
    }
    expect((await lines.around(of, 4, { limit: 4 })).previousLine).toBe(2);
    expect((await lines.tail(of, { limit: 100 })).previousLine).toBeNull();
  });

  test('search is literal, over chunk borders, by stream', async () => {
    expect(brief(await lines.search(of, 'ree äöü', { offset: 0 }))).toEqual(['3 stdout three äöü']);
    expect(brief(await lines.search(of, 'half', { offset: 0 }))).toEqual(['6 stdout half ', '7 stdout other half']);
    expect(brief(await lines.search(of, 'e', { offset: 0, stream: 'stderr' }))).toEqual(['1 stderr one']);
    expect(brief(await lines.search(of, 'e', { offset: 37 }))).toEqual(['7 stdout other half', '8 stdout end']);
    expect((await lines.search(of, '.*', { offset: 0 })).items).toEqual([]);
    expect(await lines.search(of, 'one\n', { offset: 0 })).toMatchObject({ items: [], next: null });
  });
});

test('an empty log', async () => {
  const of = { runId: randomUUID(), attempt: 1 };
  expect(await lines.count(of)).toBe(0);
  expect(await lines.tail(of, { limit: 5 })).toEqual({ items: [], nextLine: null, previousLine: null });
  expect(await lines.search(of, 'x', { offset: 0 })).toEqual({ items: [], next: null, searchedTo: 0 });
});

test('a gap is told at the line that follows it, and numbers are those of the original', async () => {
  const of = await store(['a\nb\nlong', 'est\nc\nd\n', 'e\nf', 'f\ng\n'].map((text) => [['stdout', text]] as Piece[]));
  await new LogStore(db).dropRange(of.runId, 1, 8, 17);
  const { items } = await lines.from(of, 1, { limit: 10 });
  expect(brief({ items })).toEqual([
    '1 stdout a',
    '2 stdout b',
    '3 stdout long',
    '6 stdout ',
    '7 stdout ff',
    '8 stdout g',
  ]);
  expect(items.filter(({ gap }) => gap)).toMatchObject([{ line: 6, gap: { start: 8, end: 17 } }]);
  expect(brief(await lines.from(of, 4, { limit: 1 }))).toEqual(['6 stdout ']);
  expect(brief(await lines.search(of, 'ff', { offset: 0 }))).toEqual(['7 stdout ff']);
  expect(await lines.dropped(of)).toEqual({ from: 3, to: 6 });
});

test('the way back steps over what was dropped, however much it was', async () => {
  const middle = 'x\n'.repeat(100_000);
  const of = await store(['a\nb\n', middle, 'y\nz\n'].map((text) => [['stdout', text]] as Piece[]));
  await new LogStore(db).dropRange(of.runId, 1, 4, 4 + middle.length);
  expect(await lines.dropped(of)).toEqual({ from: 3, to: 100_003 });
  expect(brief(await lines.tail(of, { limit: 3 }))).toEqual(['2 stdout b', '100003 stdout y', '100004 stdout z']);
  expect(brief(await lines.before(of, 50_000, { limit: 9 }))).toEqual(['1 stdout a', '2 stdout b']);
  expect(brief(await lines.around(of, 50_000, { limit: 2 }))).toEqual(['2 stdout b', '100003 stdout y']);
});

describe('errors only', () => {
  const block = ['Traceback (most recent call last):', '  File "x.py", line 1', '    go()', 'ValueError: no'];
  const quiet = Array.from({ length: 3000 }, (_, i) => `all is well ${i}`);
  const text = [...quiet, ...block, ...quiet, '26/11/22 ERROR Executor: lost', ...quiet, ...block, 'end'];
  const expected = text.flatMap((line, i) => (/^(Tra| +File| +go|Val)|ERROR/.test(line) ? [i + 1] : []));
  let of: { runId: string; attempt: number };
  beforeAll(async () => {
    const bytes = Buffer.from(text.join('\n'));
    // Small chunks, so that tracebacks lie across their borders, and the way back takes several steps.
    const parts = Array.from({ length: Math.ceil(bytes.length / 150) }, (_, i) =>
      bytes.subarray(i * 150, (i + 1) * 150),
    );
    of = await store(parts.map((part) => [['stdout', part]] as Piece[]));
  }, 60_000);

  test('from the start, from the end and around a line', async () => {
    const numbers = ({ items }: { items: LogLine[] }) => items.map(({ line }) => line);
    expect(numbers(await lines.from(of, 1, { limit: 100, errors: true }))).toEqual(expected);
    expect(numbers(await lines.from(of, 6000, { limit: 1, errors: true }))).toEqual([6005]);
    const found: number[] = [];
    for (let line: number | null = 100_000; line !== null;) {
      const page: Awaited<ReturnType<typeof lines.before>> = await lines.before(of, line, { limit: 3, errors: true });
      found.unshift(...numbers(page));
      line = page.previousLine;
    }
    expect(found).toEqual(expected);
    expect(numbers(await lines.around(of, 6005, { limit: 4, errors: true }))).toEqual([3003, 3004, 6005, 9006]);
    expect(numbers(await lines.tail(of, { limit: 9, errors: true, stream: 'stderr' }))).toEqual([]);
  });

  test('search among them, also when it goes on in the middle of one', async () => {
    const first = await lines.search(of, 'o', { offset: 0, errors: true });
    expect(first.items.map(({ line }) => line)).toEqual(expected.filter((line) => text[line - 1]?.includes('o')));
    const quoted = first.items.find(({ text: held }) => held === '    go()') as LogLine;
    const rest = await lines.search(of, 'o', { offset: quoted.offset, errors: true });
    expect(rest.items).toEqual(first.items.slice(first.items.indexOf(quoted)));
  });
});

test('bytes that are no characters are replaced; a very long line is cut, and no character with it', async () => {
  const long = 'ä'.repeat(300_000);
  const text = Buffer.from(`x${long}needle${long}\nnext\n`);
  const parts = Array.from({ length: Math.ceil(text.length / LOG_CHUNK_BYTES) }, (_, i) => text.subarray(i * LOG_CHUNK_BYTES, (i + 1) * LOG_CHUNK_BYTES)); // prettier-ignore
  const of = await store([
    [['stdout', Buffer.from([0x61, 0xff, 0x0a])]],
    ...parts.map((part) => [['stdout', part]] as Piece[]),
  ]);
  const { items } = await lines.from(of, 1, { limit: 9 });
  expect(items.map(({ line, cut }) => [line, cut])).toEqual([[1, undefined], [2, true], [3, undefined]]); // prettier-ignore
  expect(items[0]?.text).toBe('a�');
  expect(items[1]?.text).toMatch(/^xä+$/);
  const [match] = (await lines.search(of, 'needle', { offset: 0 })).items;
  expect(match?.text).toMatch(/^ä+needleä+$/);
  expect(match).toMatchObject({ line: 2, cut: true });
});

describe('a million lines', () => {
  let of: { runId: string; attempt: number };
  const COUNT = 1_000_000;
  beforeAll(async () => {
    const text = Buffer.from(Array.from({ length: COUNT }, (_, i) => `line ${i + 1}\n`).join(''));
    const chunks: Piece[][] = [];
    for (let at = 0; at < text.length; at += 200_000) chunks.push([['stdout', text.subarray(at, at + 200_000)]]);
    chunks[0] = [['stderr', (chunks[0] as Piece[])[0]?.[1] as Buffer]];
    of = await store(chunks);
  });
  const within = async <T>(milliseconds: number, work: Promise<T>): Promise<T> => {
    const began = performance.now();
    const result = await work;
    expect(performance.now() - began).toBeLessThan(milliseconds);
    return result;
  };

  test('its end, its middle and any line at once', async () => {
    const tail = await within(1000, lines.tail(of, { limit: 200 }));
    expect([tail.items.length, tail.items[0]?.text, tail.items.at(-1)?.text]).toEqual([
      200,
      `line ${COUNT - 199}`,
      `line ${COUNT}`,
    ]);
    for (const line of [1, 2, 123_456, 654_321, COUNT]) {
      const { items } = await within(1000, lines.around(of, line, { limit: 100 }));
      expect(items.every((item) => item.text === `line ${item.line}`)).toBe(true);
      expect(items.map((item) => item.line)).toContain(line);
    }
  });

  test('the other stream, which wrote only at its beginning', async () => {
    const { items } = await within(3000, lines.tail(of, { limit: 10, stream: 'stderr' }));
    expect(items).toHaveLength(10);
    expect(items.every(({ stream, line }) => stream === 'stderr' && line < 20_000)).toBe(true);
  });

  test('search, page by page', async () => {
    const found: LogLine[] = [];
    for (let offset: number | null = 0; offset !== null;) {
      const page: Awaited<ReturnType<typeof lines.search>> = await within(2500, lines.search(of, '777', { offset }));
      found.push(...page.items);
      offset = page.next;
    }
    const expected = Array.from({ length: COUNT }, (_, i) => i + 1).filter((n) => String(n).includes('777'));
    expect(found.map(({ line }) => line)).toEqual(expected);
  });
});
