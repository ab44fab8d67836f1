import { countNewlines } from '@das/core/domain/newlines';
import type { LogChunkDocument } from '@das/core/mongo/documents';
import type { LogStore } from '@das/core/mongo/log-store';
import { chunkId, LOG_CHUNK_BYTES } from '@das/core/mongo/log-store';
import { Binary } from 'mongodb';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Spool } from './spool.ts';
import { SpoolBroken } from './spool-errors.ts';

/** What trickles is shipped this often, in milliseconds; 256 KiB are shipped at once. */
const SHIP_MS = 250;
/** Bytes sent to MongoDB in one call. */
const BATCH_BYTES = 8 * LOG_CHUNK_BYTES;
/** A chunk shorter than this is shipped again, longer, instead of beginning a new one: a log that trickles stays a few documents. */
const GROW_BYTES = 32 * 1024;
/** What keeps a chunk's document well under MongoDB's 16 MB. */
const CHUNK_SEGMENTS = 4096;
const RETRY_MS = { first: 200, most: 5000, closing: 500 };
/** After output was faster than shipping it rests so long: shipping what falls out of the ring right after helps nobody. */
const OVERRUN_MS = 500;

export type ShippedLog = Pick<LogStore, 'append' | 'dropRange' | 'finish'>;

export type ShipperOptions = {
  runId: string;
  attempt: number;
  spool: Spool;
  store: ShippedLog;
  /** The first failure after a success; shipping is tried again until it works, unless the spool cannot be read. Must not throw. */
  onFailure: (error: unknown) => void;
};

/**
 * Ships the spool to MongoDB, in order, while the attempt runs. MongoDB keeps what the spool keeps: the head and the last
 * `ringBytes` bytes. When output is faster for long, what fell out of the ring is skipped and told as the gap.
 */
export class Shipper {
  readonly #options: ShipperOptions;
  readonly #spool: Spool;
  readonly #loop: Promise<boolean>;
  readonly #stop = new AbortController();
  /** Ends a rest: at the end of the output nobody waits for what may still come. */
  readonly #hurry = new AbortController();
  /** Everything before it is stored, or in the gap. */
  #position = 0;
  /** Number of the line that the byte at `#position` belongs to. */
  #line = 1;
  /** The last chunk, while it may still grow. */
  #open: { offset: number; firstLine: number } | null = null;
  /** The gap's end; its start is the head's end. */
  #gapEnd: number;
  #closing = false;
  #failing = false;
  #buffer = Buffer.alloc(0);
  #wake: (() => void) | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ShipperOptions) {
    this.#options = options;
    this.#spool = options.spool;
    this.#gapEnd = options.spool.headBytes;
    this.#loop = this.#run();
  }

  get gap(): { start: number; end: number } | null {
    const start = this.#spool.headBytes;
    return this.#gapEnd > start ? { start, end: this.#gapEnd } : null;
  }

  /** Something was appended to the spool. */
  notify(): void {
    if (!this.#wake) return;
    if (this.#closing || this.#spool.size - this.#position >= LOG_CHUNK_BYTES) this.#wake();
    else this.#timer ??= setTimeout(this.#wake, SHIP_MS);
  }

  /** Nothing more will be appended: ships the rest. False when `signal` came first, or the spool failed or cannot be read. */
  async finish(signal: AbortSignal): Promise<boolean> {
    this.#closing = true;
    this.#hurry.abort();
    this.notify();
    const aborted = Promise.withResolvers<boolean>();
    const stop = () => {
      this.#stop.abort();
      aborted.resolve(false);
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await Promise.race([this.#loop, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', stop);
      clearTimeout(this.#timer);
    }
  }

  /** Until all is shipped after `finish`, it is stopped, or what it should ship is gone. Never rejects. */
  async #run(): Promise<boolean> {
    let retryMs = RETRY_MS.first;
    while (!this.#stop.signal.aborted) {
      if (!this.#closing) await this.#nextWork();
      const closing = this.#closing;
      try {
        const overrun = await this.#ship();
        if (closing || this.#spool.failure) return await this.#end();
        this.#failing = false;
        retryMs = RETRY_MS.first;
        if (overrun) await this.#rest(OVERRUN_MS, this.#hurry.signal);
      } catch (error) {
        if (this.#stop.signal.aborted) return false;
        if (!this.#failing || error instanceof SpoolBroken) this.#options.onFailure(error);
        if (error instanceof SpoolBroken) return false;
        this.#failing = true;
        await this.#rest(this.#closing ? Math.min(retryMs, RETRY_MS.closing) : retryMs);
        retryMs = Math.min(retryMs * 2, RETRY_MS.most);
      }
    }
    return false;
  }

  /** A full chunk at once, less after a quarter of a second; nothing: waits. */
  #nextWork(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = () => {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#wake = null;
      resolve();
    };
    if (this.#closing || this.#spool.size > this.#position) this.notify();
    return promise;
  }

  /** Ships what is there now. True when output overran it. */
  async #ship(): Promise<boolean> {
    const size = this.#spool.size;
    await this.#spool.settle(size);
    const target = Math.min(size, this.#spool.written);
    let overrun = false;
    while (this.#position < target && !this.#stop.signal.aborted) {
      if (!this.#spool.holds(this.#position)) {
        if (overrun && (!this.#closing || this.#spool.failure)) break;
        overrun = true;
        if (!(await this.#skipLost())) continue;
      }
      await this.#shipBatch(target);
      await this.#dropOld(this.#spool.ringBytes / 12);
    }
    return overrun;
  }

  /** Everything is shipped that is on the disk: tells the end, if that is all. */
  async #end(): Promise<boolean> {
    const { runId, attempt, store } = this.#options;
    await this.#dropOld(0);
    if (this.#spool.failure) return false;
    await store.finish(runId, attempt, { size: this.#spool.size, lines: this.#spool.lines });
    return true;
  }

  /** What comes next fell out of the ring: goes on with the oldest byte there is. False when that fell out meanwhile. */
  async #skipLost(): Promise<boolean> {
    const { runId, attempt, store } = this.#options;
    const start = this.#spool.oldest;
    const [segment] = this.#spool.segmentsFrom(start);
    if (!segment || segment.offset > start) return false;
    const after = segment.offset + segment.length;
    const lineAfter = segment.firstLine + segment.lines;
    await this.#spool.settle(after);
    const rest = this.#spool.written >= after ? await this.#spool.read(start, after - start) : null;
    if (!rest) return false;
    await store.dropRange(runId, attempt, this.#spool.headBytes, start);
    this.#gapEnd = start;
    this.#position = start;
    this.#line = lineAfter - countNewlines(rest);
    this.#open = null;
    this.#spool.forget(start);
    return true;
  }

  async #shipBatch(target: number): Promise<void> {
    const { headBytes } = this.#spool;
    if (this.#open && !this.#spool.holds(this.#open.offset)) this.#open = null;
    const start = this.#open ?? { offset: this.#position, firstLine: this.#line };
    const end = Math.min(target, start.offset + BATCH_BYTES, start.offset < headBytes ? headBytes : target);
    const bytes = await this.#read(start.offset, end - start.offset);
    if (!bytes) return;
    const chunks = this.#cut(bytes, start);
    await this.#options.store.append(chunks);
    const last = chunks.at(-1);
    if (!last) return;
    this.#position = last.offset + last.length;
    this.#line =
      last.firstLine + countNewlines(bytes.subarray(last.offset - start.offset, this.#position - start.offset));
    this.#open =
      last.length < GROW_BYTES && this.#position !== headBytes
        ? { offset: last.offset, firstLine: last.firstLine }
        : null;
    this.#spool.forget(this.#open?.offset ?? this.#position);
  }

  async #read(offset: number, length: number): Promise<Buffer | null> {
    if (this.#buffer.length < length) this.#buffer = Buffer.allocUnsafeSlow(Math.min(BATCH_BYTES, length * 2));
    return this.#spool.read(offset, length, this.#buffer);
  }

  /** Chunks of at most 256 KiB and 4,096 segments from the bytes at `start`. */
  #cut(bytes: Buffer, start: { offset: number; firstLine: number }): LogChunkDocument[] {
    const { runId, attempt } = this.#options;
    const chunks: LogChunkDocument[] = [];
    const end = start.offset + bytes.length;
    let { offset, firstLine } = start;
    let segments: LogChunkDocument['segments'] = [];
    let position = offset;
    const close = () => {
      const data = bytes.subarray(offset - start.offset, position - start.offset);
      const _id = chunkId(runId, attempt, offset);
      chunks.push({ _id, runId, attempt, offset, length: data.length, firstLine, segments, data: new Binary(data) });
      firstLine += countNewlines(data);
      offset = position;
      segments = [];
    };
    for (const segment of this.#spool.segmentsFrom(offset)) {
      const segmentEnd = Math.min(end, segment.offset + segment.length);
      while (position < segmentEnd) {
        const length = Math.min(segmentEnd, offset + LOG_CHUNK_BYTES) - position;
        segments.push({ stream: segment.stream, at: segment.at, length });
        position += length;
        if (position - offset === LOG_CHUNK_BYTES || segments.length === CHUNK_SEGMENTS) close();
      }
      if (position === end) break;
    }
    if (position > offset) close();
    return chunks;
  }

  /** Deletes from MongoDB what is older than the last `ringBytes` shipped, when that is at least `step` bytes. */
  async #dropOld(step: number): Promise<void> {
    const { runId, attempt, store } = this.#options;
    const end = this.#position - this.#spool.ringBytes;
    if (end <= this.#gapEnd || end - this.#gapEnd < step) return;
    await store.dropRange(runId, attempt, this.#spool.headBytes, end);
    this.#gapEnd = end;
  }

  async #rest(milliseconds: number, signal = this.#stop.signal): Promise<void> {
    await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  }
}
