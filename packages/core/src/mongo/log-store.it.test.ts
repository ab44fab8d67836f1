import type { Stream } from '@das/contracts/states';
import { settleWrites } from '@das/testkit/settle-writes';
import { Binary } from 'mongodb';
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Database } from './database.ts';
import { connectDatabase } from './database.ts';
import type { LogChunkDocument } from './documents.ts';
import { chunkId, LOG_CHUNK_BYTES, LOG_READ_BYTES, LogStore } from './log-store.ts';

let database: Database;
let store: LogStore;
let runId: string;

beforeAll(async () => {
  database = await testDatabase();
  store = new LogStore(database);
});
afterAll(async () => {
  await database.db.dropDatabase();
  await database.close();
});
beforeEach(() => {
  runId = randomUUID();
});

describe('append', () => {
  test('again changes nothing, and a shorter version that comes late neither', async () => {
    const [short, long] = [chunk(0, [['stdout', 'a']]), chunk(0, [['stdout', 'ab\n']])];
    const next = chunk(3, [['stderr', 'c']]);
    await store.append([short]);
    await store.append([long, next]);
    await store.append([short, next]);
    await store.append([long]);
    expect(await database.logChunks.countDocuments({ runId })).toBe(2);
    expect(await readAll()).toBe('ab\nc');
  });

  test('a chunk that is stored already does not keep the later ones of the call from being stored', async () => {
    await store.append([chunk(0, [['stdout', 'one']])]);
    await store.append([chunk(0, [['stdout', 'one']]), chunk(3, [['stdout', 'two']]), chunk(6, [['stdout', 'three']])]);
    expect(await readAll()).toBe('onetwothree');
  });

  test('long chunks are stored compressed, short ones and what does not compress as they are; all are read as they were', async () => {
    const parts = [
      Buffer.alloc(LOG_CHUNK_BYTES, 'a line that is like others\n'),
      randomBytes(100_000),
      Buffer.from('end'),
    ];
    const offsets = [0, LOG_CHUNK_BYTES, LOG_CHUNK_BYTES + 100_000];
    await store.append(parts.map((bytes, i) => chunk(offsets[i] as number, [['stdout', bytes]])));
    const stored = await database.logChunks.find({ runId }, { sort: { offset: 1 } }).toArray();
    expect(stored.map(({ packed, length }) => [packed, length])).toEqual([
      ['zstd', LOG_CHUNK_BYTES],
      [undefined, 100_000],
      [undefined, 3],
    ]);
    expect(stored[0]?.data.length()).toBeLessThan(LOG_CHUNK_BYTES / 100);
    const whole = Buffer.concat(parts);
    expect((await store.read(runId, 1, { offset: 0, limit: whole.length })).bytes.equals(whole)).toBe(true);
    const { bytes } = await store.read(runId, 1, { offset: LOG_CHUNK_BYTES - 7, limit: 20 });
    expect(bytes.equals(whole.subarray(LOG_CHUNK_BYTES - 7, LOG_CHUNK_BYTES + 13))).toBe(true);
  });

  test('what is stored uncompressed by an older worker is read beside it', async () => {
    const [first, second] = [Buffer.alloc(40_000, 'old\n'), Buffer.alloc(40_000, 'new\n')];
    await database.logChunks.insertOne(chunk(0, [['stdout', first]]));
    await store.append([chunk(40_000, [['stdout', second]])]);
    expect(await readAll()).toBe(`${first}${second}`);
  });
});

describe('read', () => {
  test('a log nobody wrote is empty and not complete', async () => {
    expect(await store.read(runId, 1, { offset: 5, limit: 10 })).toEqual({
      bytes: Buffer.alloc(0),
      offset: 0,
      nextOffset: 0,
      size: 0,
      lines: null,
      gap: null,
      complete: false,
    });
  });

  test('any window over chunk borders, negative offsets from the end', async () => {
    await store.append([
      chunk(0, [
        ['stdout', '0123'],
        ['stderr', '45'],
      ]),
      chunk(6, [['stdout', '6789']]),
    ]);
    expect(await window(2, 6)).toEqual(['234567', 2, 8]);
    expect(await window(-3, 100)).toEqual(['789', 7, 10]);
    expect(await window(-300, 4)).toEqual(['0123', 0, 4]);
    expect(await window(10, 5)).toEqual(['', 10, 10]);
    expect(await window(99, 5)).toEqual(['', 10, 10]);
    expect(await window(3, 0)).toEqual(['', 3, 3]);
  });

  test('one call never answers more than LOG_READ_BYTES; stream tells all', async () => {
    const parts = Array.from({ length: 20 }, (_, i) => Buffer.alloc(LOG_CHUNK_BYTES, 65 + i));
    await store.append(parts.map((bytes, i) => chunk(i * LOG_CHUNK_BYTES, [['stdout', bytes]])));
    const range = await store.read(runId, 1, { offset: 1, limit: 1e9 });
    expect(range.bytes.equals(Buffer.concat(parts).subarray(1, 1 + LOG_READ_BYTES))).toBe(true);
    const streamed: Buffer[] = [];
    for await (const bytes of store.stream(runId, 1, 7)) streamed.push(bytes);
    expect(Buffer.concat(streamed).equals(Buffer.concat(parts).subarray(7))).toBe(true);
  });

  test('the end: size, lines and completeness are told', async () => {
    await store.append([chunk(0, [['stdout', 'a\nb']])]);
    expect(await store.summary(runId, 1)).toEqual({ size: 3, lines: null, gap: null, complete: false });
    await store.finish(runId, 1, { size: 3, lines: 2 });
    await settleWrites(database);
    expect(await store.summary(runId, 1)).toEqual({ size: 3, lines: 2, gap: null, complete: true });
  });
});

describe('the gap', () => {
  beforeEach(async () => {
    await store.append([
      chunk(0, [['stdout', '0123']]),
      chunk(4, [['stdout', '4\n67']], 1),
      chunk(
        8,
        [
          ['stdout', '8'],
          ['stderr', '\n'],
          ['stdout', '\nb'],
        ],
        2,
      ),
      chunk(12, [['stdout', 'cdef']], 4),
    ]);
    await store.dropRange(runId, 1, 4, 10);
  });

  test('is exact, told, and keeps offsets and line numbers', async () => {
    expect(
      await database.logChunks
        .find({ runId }, { sort: { offset: 1 } })
        .map((c) => [c.offset, c.length, c.firstLine])
        .toArray(),
    ).toEqual([
      [0, 4, 1],
      [10, 2, 3],
      [12, 4, 4],
    ]);
    expect(await store.summary(runId, 1)).toMatchObject({ size: 16, gap: { start: 4, end: 10 } });
  });

  test('reading stops before it and goes on behind it', async () => {
    expect(await window(0, 100)).toEqual(['0123', 0, 4]);
    expect(await window(4, 100)).toEqual(['\nbcdef', 10, 16]);
    expect(await window(7, 3)).toEqual(['\nbc', 10, 13]);
    expect(await window(-10, 2)).toEqual(['\nb', 10, 12]);
    expect(await readAll()).toBe('0123\nbcdef');
  });

  test('live text skips it and says so', async () => {
    expect(await store.readSince(runId, 1, 2, 100)).toEqual([
      { stream: 'stdout', offset: 2, nextOffset: 4, text: '23' },
    ]);
    expect(await store.readSince(runId, 1, 4, 100)).toEqual([
      { stream: 'stdout', offset: 10, nextOffset: 16, text: '\nbcdef' },
    ]);
  });

  test('dropping again, or more, is fine', async () => {
    await store.dropRange(runId, 1, 4, 10);
    await store.dropRange(runId, 1, 4, 13);
    expect(await readAll()).toBe('0123def');
  });
});

test('what is dropped may end within a compressed chunk', async () => {
  const lines = Buffer.from(Array.from({ length: 10_000 }, (_, i) => `line ${i}\n`).join(''));
  await store.append([chunk(0, [['stdout', '0\n']]), chunk(2, [['stdout', lines]], 2)]);
  const end = 2 + lines.indexOf('line 50\n') + 3;
  await store.dropRange(runId, 1, 2, end);
  expect((await store.read(runId, 1, { offset: 2, limit: 1e6 })).bytes.equals(lines.subarray(end - 2))).toBe(true);
  expect(await database.logChunks.findOne({ runId, offset: end })).toMatchObject({ firstLine: 52, packed: 'zstd' });
});

describe('live text', () => {
  test('comes by stream, and goes on where it stopped', async () => {
    await store.append([
      chunk(0, [
        ['stdout', 'a\n'],
        ['stderr', 'x\n'],
        ['stdout', 'b'],
      ]),
    ]);
    const first = await store.readSince(runId, 1, 0, 1000);
    expect(first.map(({ stream, offset, text }) => [stream, offset, text])).toEqual([
      ['stdout', 0, 'a\n'],
      ['stderr', 2, 'x\n'],
      ['stdout', 4, 'b'],
    ]);
    expect(await store.readSince(runId, 1, 5, 1000)).toEqual([]);
    await store.append([chunk(5, [['stdout', 'c\n']])]);
    expect(await store.readSince(runId, 1, 5, 1000)).toEqual([
      { stream: 'stdout', offset: 5, nextOffset: 7, text: 'c\n' },
    ]);
  });

  test('no character is split: at chunk borders, at the limit, at what has not come yet', async () => {
    const bytes = Buffer.from('ä€😀'.repeat(40));
    const chunks = Array.from({ length: Math.ceil(bytes.length / 5) }, (_, i) =>
      chunk(i * 5, [['stdout', bytes.subarray(i * 5, i * 5 + 5)]]),
    );
    let text = '';
    let offset = 0;
    for (const one of chunks) {
      await store.append([one]);
      for (const piece of await store.readSince(runId, 1, offset, 64)) {
        expect(piece.offset).toBe(offset);
        text += piece.text;
        offset = piece.nextOffset;
      }
      expect(text).not.toContain('\ufffd');
    }
    expect(text).toBe(bytes.toString());
    let limited = '';
    for (let at = 0; at < bytes.length;) {
      for (const piece of await store.readSince(runId, 1, at, 64)) {
        limited += piece.text;
        at = piece.nextOffset;
      }
    }
    expect(limited).toBe(bytes.toString());
  });

  test('invalid bytes are replaced; a character that never became whole too, once the log is over', async () => {
    await store.append([chunk(0, [['stdout', Buffer.from([0x61, 0xff, 0xe2, 0x82])]])]);
    expect(await store.readSince(runId, 1, 0, 100)).toMatchObject([{ nextOffset: 2, text: 'a\ufffd' }]);
    expect(await store.readSince(runId, 1, 2, 100)).toEqual([]);
    await store.finish(runId, 1, { size: 4, lines: 1 });
    await settleWrites(database);
    expect(await store.readSince(runId, 1, 2, 100)).toMatchObject([{ nextOffset: 4, text: '\ufffd' }]);
  });
});

function chunk(offset: number, parts: [Stream, string | Buffer][], firstLine = 1): LogChunkDocument {
  const buffers = parts.map(([, bytes]) => Buffer.from(bytes as string));
  const data = Buffer.concat(buffers);
  const segments = parts.map(([stream], i) => ({ stream, at: new Date(0), length: buffers[i]?.length ?? 0 }));
  return {
    _id: chunkId(runId, 1, offset),
    runId,
    attempt: 1,
    offset,
    length: data.length,
    firstLine,
    segments,
    data: new Binary(data),
  };
}

async function window(offset: number, limit: number): Promise<[string, number, number]> {
  const range = await store.read(runId, 1, { offset, limit });
  return [range.bytes.toString(), range.offset, range.nextOffset];
}

async function readAll(): Promise<string> {
  const parts: Buffer[] = [];
  for await (const bytes of store.stream(runId, 1)) parts.push(bytes);
  return Buffer.concat(parts).toString();
}

/** A database of this file's own on the test run's server. */
function testDatabase(): Promise<Database> {
  return connectDatabase({
    uri: inject('stack').mongodbUri,
    database: `test_logs_${randomUUID().slice(0, 8)}`,
    collection: 'sample',
    timeoutMs: 5000,
    appName: 'das-test',
  });
}
