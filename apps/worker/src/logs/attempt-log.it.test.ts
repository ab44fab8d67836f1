import fc from 'fast-check';
import { bytesOfChunk } from '@das/core/mongo/log-chunk-data';
import { LogStore } from '@das/core/mongo/log-store';
import { proxyTo } from '@das/testkit/proxy';
import { readdir, rm, stat, symlink, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, onTestFinished, test, vi } from 'vitest';
import { LogTestStand, testDatabase } from '../../test/log-test-stand.ts';
import { SpoolBroken, SpoolDiskFull } from './spool-errors.ts';

let stand: LogTestStand;
beforeAll(async () => {
  stand = await LogTestStand.open();
});
afterAll(() => stand.close());

const within = (milliseconds: number) => ({ signal: AbortSignal.timeout(milliseconds) });

test('whole lines of both streams are joined, numbered and told apart', async () => {
  const { runId, log, stdout, stderr } = await stand.openLog();
  stdout.write('one\ntw');
  stderr.write('WARN x\n');
  await sleep(20);
  stdout.write('o\nthree');
  stdout.end();
  stderr.end();
  expect(await log.close(within(5000))).toEqual({ size: 20, lines: 4, gap: null, complete: true });
  expect((await stand.readAll(runId)).toString()).toBe('one\nWARN x\ntwo\nthree');
  expect(await stand.readStream(runId, 'stdout')).toBe('one\ntwo\nthree');
  expect(await stand.readStream(runId, 'stderr')).toBe('WARN x\n');
  expect(await stand.summary(runId)).toEqual({ size: 20, lines: 4, gap: null, complete: true });
  expect(await readdir(stand.directory)).toEqual([]);
});

test('an attempt that writes nothing has an empty, complete log', async () => {
  const { runId, log, stdout, stderr } = await stand.openLog();
  stdout.end();
  stderr.end();
  expect(await log.close(within(5000))).toEqual({ size: 0, lines: 0, gap: null, complete: true });
  expect(await stand.summary(runId)).toEqual({ size: 0, lines: 0, gap: null, complete: true });
});

test('output is there for watchers while the attempt runs, a partial line too, no character split', async () => {
  const { runId, log, stdout, stderr } = await stand.openLog();
  stdout.write(Buffer.concat([Buffer.from('10 % ä'), Buffer.from('€').subarray(0, 2)]));
  await vi.waitFor(async () => expect((await stand.readAll(runId)).toString()).toBe('10 % ä'), 1500);
  stderr.write('between\n');
  stdout.write(Buffer.concat([Buffer.from('€').subarray(2), Buffer.from('\n')]));
  await vi.waitFor(async () => expect((await stand.readAll(runId)).toString()).toBe('10 % äbetween\n€\n'), 1500);
  const texts = await stand.store.readSince(runId, 1, 0, 1000);
  expect(texts.map(({ stream, text }) => [stream, text])).toEqual([
    ['stdout', '10 % ä'],
    ['stderr', 'between\n'],
    ['stdout', '€\n'],
  ]);
  await closeAll(log, stdout, stderr);
});

test('a log that trickles stays one document while it is small', async () => {
  const { runId, log, stdout, stderr } = await stand.openLog();
  for (let i = 0; i < 4; i++) {
    stdout.write(`line ${i}\n`);
    await sleep(300);
  }
  await closeAll(log, stdout, stderr);
  expect(await stand.database.logChunks.countDocuments({ runId })).toBe(1);
  expect((await stand.readAll(runId)).toString()).toBe('line 0\nline 1\nline 2\nline 3\n');
});

test('lines are told to observers, first output once, and both ends are remembered', async () => {
  const lines: string[] = [];
  const first: string[] = [];
  const { log, stdout, stderr } = await stand.openLog({
    onLine: { stderr: (text) => lines.push(text) },
    onFirstOutput: (stream) => first.push(stream),
  });
  stderr.write('a\r\n\nb');
  await sleep(5);
  stderr.write(`c\n${'x'.repeat(20_000)}`);
  stderr.write(`${'y'.repeat(20_000)}\nlast ä`);
  for (let i = 0; i < 100; i++) stdout.write(Buffer.alloc(7777, 65 + (i % 26)));
  stdout.write('the end €');
  const { complete } = await closeAll(log, stdout, stderr);
  expect(complete).toBe(true);
  expect(lines).toEqual(['a', '', 'bc', 'x'.repeat(8192), 'last ä']);
  expect(first.sort()).toEqual(['stderr', 'stdout']);
  expect(log.head('stdout', 7778)).toBe(`${'A'.repeat(7777)}B`);
  expect(log.tail('stdout', 11)).toBe('the end €');
  expect(log.tail('stdout', 2)).toBe('');
  expect(log.tail('stdout', 1e9)).toHaveLength(65_534);
  expect(log.tail('stderr', 1e9)).toMatch(/^a\r\n\nbc\nx+y+\nlast ä$/);
});

test('more than is kept: the first quarter and the last three, one gap, numbers of the original', async () => {
  const maxBytes = 4 * 1024 * 1024;
  const { runId, log, stdout, stderr } = await stand.openLog({ maxBytes });
  const original = Buffer.from(Array.from({ length: 700_000 }, (_, i) => `line ${i + 1}\n`).join(''));
  for (let at = 0; at < original.length; at += 60_000) {
    if (!stdout.write(original.subarray(at, at + 60_000)))
      await new Promise((resolve) => stdout.once('drain', resolve));
  }
  const closed = await closeAll(log, stdout, stderr);
  const gap = { start: maxBytes / 4, end: original.length - (maxBytes / 4) * 3 };
  expect(closed).toEqual({ size: original.length, lines: 700_000, gap, complete: true });
  const kept = Buffer.concat([original.subarray(0, gap.start), original.subarray(gap.end)]);
  expect((await stand.readAll(runId)).equals(kept)).toBe(true);
  const chunks = await stand.database.logChunks.find({ runId }, { sort: { offset: 1 } }).toArray();
  expect(chunks.reduce((sum, { length }) => sum + length, 0)).toBe(maxBytes);
  for (const { offset, firstLine } of chunks) {
    expect(firstLine).toBe(original.subarray(0, offset).toString('latin1').split('\n').length);
  }
});

test('MongoDB away: output goes on, and all of it is there when it is back', async () => {
  const { proxy, uri } = await proxyTo(inject('stack').mongodbUri);
  const database = await testDatabase(uri, stand.database.db.databaseName, 1000);
  onTestFinished(async () => {
    await database.close();
    await proxy[Symbol.asyncDispose]();
  });
  const failures: unknown[] = [];
  const store = new LogStore(database);
  const { runId, log, stdout, stderr } = await stand.openLog({ store, onShipFailure: (error) => failures.push(error) });
  stdout.write('before\n');
  await vi.waitFor(async () => expect((await stand.readAll(runId)).toString()).toBe('before\n'), 2000);
  proxy.cut();
  const during = Buffer.alloc(5_000_000, 'during\n');
  stdout.end(during);
  await finished(stdout, { signal: AbortSignal.timeout(3000) });
  await vi.waitFor(() => expect(failures).toHaveLength(1), 4000);
  expect(failures[0]).toMatchObject({ name: 'DatabaseUnavailable' });
  proxy.resume();
  stderr.end();
  expect(await log.close(within(15_000))).toMatchObject({ complete: true, size: during.length + 7 });
  expect((await stand.readAll(runId)).equals(Buffer.concat([Buffer.from('before\n'), during]))).toBe(true);
}, 30_000);

test('MongoDB away to the end: close comes back at its deadline, says so, and leaves no file', async () => {
  const store = {
    append: () => Promise.reject(new Error('away')),
    dropRange: () => Promise.reject(new Error('away')),
    finish: () => Promise.reject(new Error('away')),
  };
  const { log, stdout, stderr } = await stand.openLog({ store });
  stdout.end('lost\n');
  stderr.end();
  const started = performance.now();
  expect(await log.close(within(700))).toEqual({ size: 5, lines: 1, gap: null, complete: false });
  expect(performance.now() - started).toBeLessThan(1500);
  expect(await readdir(stand.directory)).toEqual([]);
});

test('a spool that a script has emptied costs the log its end, and nobody waits for that', async () => {
  const file = join(stand.directory, 'log.spool');
  const held = Promise.withResolvers<void>();
  const done = () => Promise.resolve();
  const onShipFailure = vi.fn();
  const { log, stdout, stderr } = await stand.openLog({
    store: { append: () => held.promise, dropRange: done, finish: done },
    onShipFailure,
  });
  stdout.write(Buffer.alloc(4_000_000, 'line\n'));
  await vi.waitUntil(async () => (await stat(file)).size > 3_000_000);
  await truncate(file);
  held.resolve();
  expect(await closeAll(log, stdout, stderr)).toMatchObject({ complete: false, size: 4_000_000 });
  expect(onShipFailure.mock.calls).toEqual([[expect.any(SpoolBroken)]]);
});

test('disposed of without a close it gives up: nothing is left behind, nothing waits', async () => {
  const { log, stdout, stderr } = await stand.openLog();
  stdout.write('some\n');
  await log[Symbol.asyncDispose]();
  expect([stdout.destroyed, stderr.destroyed]).toEqual([true, true]);
  expect(await readdir(stand.directory)).toEqual([]);
  expect(await log.close(within(1000))).toMatchObject({ complete: false });
});

test('a write whose outcome is unknown is sent again and changes nothing', async () => {
  let calls = 0;
  const store = {
    append: async (chunks: Parameters<typeof stand.store.append>[0]) => {
      await stand.store.append(chunks);
      if (calls++ % 2 === 0) throw new Error('the answer was lost');
    },
    dropRange: stand.store.dropRange.bind(stand.store),
    finish: stand.store.finish.bind(stand.store),
  };
  const { runId, log, stdout, stderr } = await stand.openLog({ store });
  for (const word of ['a', 'b', 'c']) {
    stdout.write(`${word}\n`);
    await sleep(300);
  }
  expect(await closeAll(log, stdout, stderr)).toMatchObject({ complete: true });
  expect((await stand.readAll(runId)).toString()).toBe('a\nb\nc\n');
});

test('a full disk is told, and the pipe is read on', async () => {
  const path = join(stand.directory, 'log.spool');
  await symlink('/dev/full', path);
  onTestFinished(() => rm(path, { force: true }));
  const failures: unknown[] = [];
  const { log, stdout, stderr } = await stand.openLog({ onSpoolFailure: (failure) => failures.push(failure) });
  for (let i = 0; i < 100; i++) {
    if (!stdout.write(Buffer.alloc(100_000, 'x'))) await new Promise((resolve) => stdout.once('drain', resolve));
  }
  const closed = await closeAll(log, stdout, stderr);
  expect(closed).toEqual({ size: 10_000_000, lines: 1, gap: null, complete: false });
  expect(failures).toEqual([expect.any(SpoolDiskFull)]);
  expect(log.failure).toBeInstanceOf(SpoolDiskFull);
  expect(log.tail('stdout', 10)).toBe('xxxxxxxxxx');
});

test('a stream that never ends is cut after the child', async () => {
  const { runId, log, stdout, stderr } = await stand.openLog();
  stdout.end('done\n');
  stderr.write('held open');
  expect(await log.close(within(10_000))).toMatchObject({ complete: true, size: 14 });
  expect((await stand.readAll(runId)).toString()).toBe('done\nheld open');
});

test('whatever is written in whatever pieces is read back, less the gap', async () => {
  const alphabet = fc.constantFrom('a', '\n', 'ä', '€', '😀', '\r', '\0').map((text) => Buffer.from(text));
  const text = fc.array(alphabet, { maxLength: 40 }).map((parts) => Buffer.concat(parts));
  const bytes = fc.oneof(
    text,
    fc.uint8Array({ maxLength: 200 }).map(Buffer.from),
    fc.nat(9000).map((n) => Buffer.alloc(n, 'long\nline')),
  );
  const write = fc.record({ stream: fc.constantFrom('stdout' as const, 'stderr' as const), bytes, rest: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.array(write, { maxLength: 40 }),
      fc.integer({ min: 16, max: 20_000 }),
      async (writes, maxBytes) => {
        const { runId, log, ...streams } = await stand.openLog({ maxBytes });
        for (const { stream, bytes: written, rest } of writes) {
          streams[stream].write(written);
          if (rest) await new Promise(setImmediate);
        }
        const closed = await closeAll(log, streams.stdout, streams.stderr);
        const of = (stream: string) =>
          Buffer.concat(writes.filter((one) => one.stream === stream).map((one) => one.bytes));
        await expectKept(runId, maxBytes, closed, { stdout: of('stdout'), stderr: of('stderr') });
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

/** What is stored is the head and the tail of some join of the two streams, each stream in its own order. */
async function expectKept(
  runId: string,
  maxBytes: number,
  closed: Awaited<ReturnType<typeof closeAll>>,
  written: { stdout: Buffer; stderr: Buffer },
): Promise<void> {
  const size = written.stdout.length + written.stderr.length;
  const head = Math.floor(maxBytes / 4);
  const gap = size > maxBytes ? { start: head, end: size - (maxBytes - head) } : null;
  expect(closed).toMatchObject({ size, gap, complete: true });
  expect(await stand.summary(runId)).toEqual({ size, lines: closed.lines, gap, complete: true });
  const seen = { stdout: 0, stderr: 0 };
  let position = 0;
  let line = 1;
  for (const chunk of await stand.database.logChunks.find({ runId }, { sort: { offset: 1 } }).toArray()) {
    if (gap && chunk.offset === gap.end && position === gap.start) {
      // The gap took so many bytes of each stream as are missing at the end: the tail is compared from behind.
      const rest = await countStreams(runId, gap.end);
      seen.stdout = written.stdout.length - rest.stdout;
      seen.stderr = written.stderr.length - rest.stderr;
      line = chunk.firstLine;
    } else {
      expect(chunk.offset).toBe(position);
    }
    expect(chunk.firstLine).toBe(line);
    position = chunk.offset;
    const bytes = bytesOfChunk(chunk);
    for (const { stream, length } of chunk.segments) {
      const at = position - chunk.offset;
      expect(
        bytes.subarray(at, at + length).equals(written[stream].subarray(seen[stream], seen[stream] + length)),
      ).toBe(true);
      seen[stream] += length;
      position += length;
    }
    expect(position).toBe(chunk.offset + chunk.length);
    line += bytes.filter((byte) => byte === 10).length;
  }
  expect(position).toBe(size);
  expect(seen).toEqual({ stdout: written.stdout.length, stderr: written.stderr.length });
  const newlines = [written.stdout, written.stderr].flatMap((bytes) => [...bytes]).filter((byte) => byte === 10).length;
  expect(closed.lines - newlines).toBeOneOf(size === 0 ? [0] : [0, 1]);
}

async function countStreams(runId: string, from: number): Promise<{ stdout: number; stderr: number }> {
  const counts = { stdout: 0, stderr: 0 };
  for (const chunk of await stand.database.logChunks.find({ runId, offset: { $gte: from } }).toArray()) {
    for (const { stream, length } of chunk.segments) counts[stream] += length;
  }
  return counts;
}

async function closeAll(log: Awaited<ReturnType<LogTestStand['openLog']>>['log'], ...streams: { end: () => void }[]) {
  for (const stream of streams) stream.end();
  return log.close(within(10_000));
}
