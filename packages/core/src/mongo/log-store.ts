import type { Stream } from '@das/contracts/states';
import type { AnyBulkWriteOperation } from 'mongodb';
import { Binary, MongoBulkWriteError } from 'mongodb';
import { countNewlines } from '../domain/newlines.ts';
import { incompleteTail } from '../domain/utf8.ts';
import type { Collections } from './database.ts';
import type { LogChunkDocument } from './documents.ts';
import { translateMongoErrors } from './errors.ts';
import { bytesOfChunk, packChunks } from './log-chunk-data.ts';
import type { LogChunk } from './log-chunk-data.ts';

/** Longest chunk, in bytes. */
export const LOG_CHUNK_BYTES = 256 * 1024;
/** Most that one `read` answers, in bytes, whatever limit it was given: what bounds a reader's memory. */
export const LOG_READ_BYTES = 4 * 1024 * 1024;

/** The bytes from `start` up to `end` (exclusive) of the joined log that were dropped. */
export type LogGap = { start: number; end: number };

export type LogSummary = {
  /** Bytes of the joined log so far, dropped ones included. */
  size: number;
  /** Known once it is complete. */
  lines: number | null;
  gap: LogGap | null;
  /**
   * Everything the attempt wrote is here, less the gap. Stays false for ever when the worker died or could not ship the
   * rest in time: nothing more comes when this is true or the attempt is not `running` any more.
   */
  complete: boolean;
};

export type LogRange = LogSummary & {
  bytes: Buffer;
  /** Of the first byte of `bytes`: the one asked for, or the gap's end when that lies in the gap, or the size. */
  offset: number;
  /** Where to read on. */
  nextOffset: number;
};

/** Text of one stream. `offset` above the one read from = what lies between was dropped. */
export type LogText = { stream: Stream; offset: number; nextOffset: number; text: string };

type Stretch = { stream: Stream; offset: number; bytes: Buffer };

/**
 * The logs of attempts. One writer per attempt (attempts are unique per claim), any number of readers. Offsets and line
 * numbers are those of the joined log as it was written, dropped or not. All throw DatabaseUnavailable.
 */
export class LogStore {
  readonly #logs: Collections['logs'];
  readonly #chunks: Collections['logChunks'];

  constructor(database: Pick<Collections, 'logs' | 'logChunks'>) {
    this.#logs = database.logs;
    this.#chunks = database.logChunks;
  }

  /** Stores chunks; again changes nothing. Of two versions of a chunk (same offset) the longer one stays, however late the other arrives. */
  async append(chunks: readonly LogChunk[]): Promise<void> {
    if (chunks.length === 0) return;
    const operations = (await packChunks(chunks)).map((chunk) => ({
      replaceOne: { filter: { _id: chunk._id, length: { $lt: chunk.length } }, replacement: chunk, upsert: true },
    }));
    // In order, so that a log never has a hole, wherever it breaks off.
    await translateMongoErrors(async () => {
      for (let done = 0; done < operations.length;) done += await this.#writeInOrder(operations.slice(done));
    });
  }

  /** Operations done, up to and with the first that met a chunk stored already and not shorter. */
  async #writeInOrder(operations: AnyBulkWriteOperation<LogChunkDocument>[]): Promise<number> {
    try {
      await this.#chunks.bulkWrite(operations, { ordered: true });
      return operations.length;
    } catch (error) {
      const failure = error instanceof MongoBulkWriteError ? [error.writeErrors].flat()[0] : undefined;
      if (failure?.code !== 11000) throw error;
      return failure.index + 1;
    }
  }

  /**
   * Tells that the bytes `start`..`end` are dropped, and deletes them. `start` lies on a chunk's border; a chunk across
   * `end` loses its first part. Again, or with a greater `end`: fine.
   */
  async dropRange(runId: string, attempt: number, start: number, end: number): Promise<void> {
    if (end <= start) return;
    await translateMongoErrors(async () => {
      const gap = { start, end };
      await this.#logs.updateOne(
        { _id: logId(runId, attempt) },
        { $set: { gap }, $setOnInsert: { runId, attempt, size: null, lines: null, complete: false } },
        { upsert: true },
      );
      await this.#trim(runId, attempt, end);
      await this.#chunks.deleteMany({ runId, attempt, offset: { $gte: start, $lt: end } });
    });
  }

  /**
   * Says that the log is whole: `size` bytes and `lines` lines were written, and all but the gap are stored. Not waited for until it is
   * on disk: the end of the attempt, which follows, is, and what stands before that in the oplog is then, too. Should the primary change
   * between the two, a log that is whole may not be told to be.
   */
  async finish(runId: string, attempt: number, totals: { size: number; lines: number }): Promise<void> {
    await translateMongoErrors(() =>
      this.#logs.updateOne(
        { _id: logId(runId, attempt) },
        { $set: { ...totals, complete: true }, $setOnInsert: { runId, attempt, gap: null } },
        { upsert: true, writeConcern: { w: 1 } },
      ),
    );
  }

  /** Of an attempt that wrote nothing (or is unknown): size 0, not complete. */
  async summary(runId: string, attempt: number): Promise<LogSummary> {
    const [log, last] = await translateMongoErrors(() =>
      Promise.all([
        this.#logs.findOne({ _id: logId(runId, attempt) }),
        this.#chunks.findOne({ runId, attempt }, { sort: { offset: -1 }, projection: { offset: 1, length: 1 } }),
      ]),
    );
    const stored = last ? last.offset + last.length : 0;
    const size = log?.size ?? Math.max(stored, log?.gap?.end ?? 0);
    return { size, lines: log?.lines ?? null, gap: log?.gap ?? null, complete: log?.complete ?? false };
  }

  /**
   * Original bytes of the joined log, without a hole: from `offset` (negative: from the end) up to `limit` bytes, the gap or
   * the end. At most LOG_READ_BYTES at once. An offset in the gap reads from the gap's end; `offset` of the answer tells.
   */
  async read(runId: string, attempt: number, { offset, limit }: { offset: number; limit: number }): Promise<LogRange> {
    const summary = await this.summary(runId, attempt);
    const wanted = Math.min(summary.size, offset < 0 ? Math.max(0, summary.size + offset) : offset);
    const length = Math.max(0, Math.min(limit, LOG_READ_BYTES, summary.size - wanted));
    const stretches = length === 0 ? [] : await this.#stretches(runId, attempt, wanted, length, summary.gap);
    const first = stretches[0]?.offset ?? skipGap(wanted, summary.gap);
    const bytes = Buffer.concat(takeUnbroken(stretches));
    return { ...summary, bytes, offset: first, nextOffset: first + bytes.length };
  }

  /** The stored bytes from `offset` to the end of what is there now, piece by piece (≤ 256 KiB), the gap left out: for downloads. */
  async *stream(runId: string, attempt: number, offset = 0): AsyncGenerator<Buffer, void, undefined> {
    let position = offset;
    // Twice nothing: the first may be a gap that grew between two questions.
    for (let empty = 0; empty < 2;) {
      const range = await this.read(runId, attempt, { offset: position, limit: LOG_CHUNK_BYTES });
      if (range.bytes.length > 0) yield range.bytes;
      else if (range.nextOffset >= range.size) return;
      empty = range.bytes.length > 0 ? 0 : empty + 1;
      position = range.nextOffset;
    }
  }

  /**
   * What came since `offset`, as text by stream, for live watching; read on from the last `nextOffset`. Reads about
   * `maxBytes` (at least 64). A character that is not whole yet is left for the next call; invalid bytes are replaced by U+FFFD.
   */
  async readSince(runId: string, attempt: number, offset: number, maxBytes: number): Promise<LogText[]> {
    const length = Math.max(64, Math.min(maxBytes, LOG_READ_BYTES));
    const log = await translateMongoErrors(() => this.#logs.findOne({ _id: logId(runId, attempt) }));
    const stretches = await this.#stretches(runId, attempt, offset, length, log?.gap ?? null);
    const joined = joinStretches(stretches);
    const last = joined.at(-1);
    if (last && !(log?.complete && last.offset + last.bytes.length >= (log.size ?? 0))) {
      last.bytes = last.bytes.subarray(0, last.bytes.length - incompleteTail(last.bytes));
    }
    return joined
      .filter(({ bytes }) => bytes.length > 0)
      .map(({ stream, offset: at, bytes }) => ({
        stream,
        offset: at,
        nextOffset: at + bytes.length,
        text: bytes.toString('utf8'),
      }));
  }

  /** The stored bytes of the window, by segment, in order and each once. The window begins after the gap if `offset` lies in it. */
  async #stretches(
    runId: string,
    attempt: number,
    offset: number,
    length: number,
    gap: LogGap | null,
  ): Promise<Stretch[]> {
    const start = skipGap(offset, gap);
    const end = gap && start < gap.start ? Math.min(start + length, gap.start) : start + length;
    const chunks = this.#chunks.find(
      {
        runId,
        attempt,
        offset: { $gt: start - LOG_CHUNK_BYTES, $lt: end },
        $expr: { $gt: [{ $add: ['$offset', '$length'] }, start] },
      },
      { sort: { offset: 1 }, batchSize: 16 },
    );
    return translateMongoErrors(async () => {
      const stretches: Stretch[] = [];
      let position = start;
      for await (const chunk of chunks) {
        if (chunk.offset + chunk.length <= position) continue;
        stretches.push(...cutChunk(chunk, Math.max(position, chunk.offset), end));
        position = chunk.offset + chunk.length;
      }
      return stretches;
    });
  }

  /** Stores the part from `end` on of the chunk that lies across `end` as a chunk of its own; the caller deletes the old one. */
  async #trim(runId: string, attempt: number, end: number): Promise<void> {
    const across = await this.#chunks.findOne(
      { runId, attempt, offset: { $lt: end, $gt: end - LOG_CHUNK_BYTES } },
      { sort: { offset: -1 } },
    );
    if (!across || across.offset + across.length <= end) return;
    const { packed: _, ...chunk } = across;
    const bytes = bytesOfChunk(across);
    const cut = end - across.offset;
    const kept = cutChunk(across, end, across.offset + across.length);
    await this.append([
      {
        ...chunk,
        _id: chunkId(runId, attempt, end),
        offset: end,
        length: across.length - cut,
        firstLine: across.firstLine + countNewlines(bytes.subarray(0, cut)),
        segments: kept.map(({ stream, at, bytes: { length } }) => ({ stream, at, length })),
        data: new Binary(bytes.subarray(cut)),
      },
    ]);
  }
}

export function chunkId(runId: string, attempt: number, offset: number): string {
  return `${runId}:${attempt}:${offset}`;
}

function logId(runId: string, attempt: number): string {
  return `${runId}:${attempt}`;
}

function skipGap(offset: number, gap: LogGap | null): number {
  return gap && offset >= gap.start && offset < gap.end ? gap.end : offset;
}

/** The part `start`..`end` (offsets of the log) of a chunk, by segment. */
export function cutChunk(chunk: LogChunkDocument, start: number, end: number): (Stretch & { at: Date })[] {
  const bytes = bytesOfChunk(chunk);
  const parts: (Stretch & { at: Date })[] = [];
  let position = chunk.offset;
  for (const { stream, at, length } of chunk.segments) {
    const from = Math.max(position, start);
    const to = Math.min(position + length, end);
    if (from < to)
      parts.push({ stream, at, offset: from, bytes: bytes.subarray(from - chunk.offset, to - chunk.offset) });
    position += length;
  }
  return parts;
}

/** The bytes up to the first hole. */
function takeUnbroken(stretches: Stretch[]): Buffer[] {
  const bytes: Buffer[] = [];
  let position = stretches[0]?.offset ?? 0;
  for (const stretch of stretches) {
    if (stretch.offset !== position) break;
    bytes.push(stretch.bytes);
    position += stretch.bytes.length;
  }
  return bytes;
}

/** Neighbours of the same stream become one, so that no character is cut at a chunk's border. */
function joinStretches(stretches: Stretch[]): Stretch[] {
  const groups: { stream: Stream; offset: number; end: number; parts: Buffer[] }[] = [];
  for (const { stream, offset, bytes } of stretches) {
    const last = groups.at(-1);
    if (last?.stream === stream && last.end === offset) {
      last.parts.push(bytes);
      last.end += bytes.length;
    } else {
      groups.push({ stream, offset, end: offset + bytes.length, parts: [bytes] });
    }
  }
  return groups.map(({ stream, offset, parts }) => ({
    stream,
    offset,
    bytes: parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts),
  }));
}
