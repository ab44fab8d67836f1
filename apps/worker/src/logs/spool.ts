import type { Stream } from '@das/contracts/states';
import { countNewlines } from '@das/core/domain/newlines';
import { closeSync, openSync, read, rmSync, write } from 'node:fs';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { SMALL_BYTES } from '../small-files.ts';
import type { Segment } from './segment-index.ts';
import { SegmentIndex } from './segment-index.ts';
import type { SpoolFailure } from './spool-errors.ts';
import { toSpoolFailure } from './spool-errors.ts';

/** Bytes written to the disk at once. */
const BLOCK_BYTES = 256 * 1024;
/** With so many bytes waiting for the disk the output pauses, and goes on when most of them are written. */
const FULL_BYTES = 2 * 1024 * 1024;
const DRAINED_BYTES = 512 * 1024;

/** Blocks kept for the next bytes: all there can be, so that a flood makes no garbage. */
const FREE_BLOCKS = FULL_BYTES / BLOCK_BYTES;

const readAt = promisify(read);
const writeAt = promisify(write);

type Block = { offset: number; length: number; bytes: Buffer };

/**
 * The joined log on disk, in one file of at most `maxBytes`: the first quarter stays, the rest is a ring that keeps the
 * last three quarters. Bytes wait in memory only for the disk, 2 MiB and a little at most. When the disk fails, `failure`
 * is set, the bytes are counted and dropped, and appending goes on as if nothing had happened.
 */
export class Spool {
  readonly headBytes: number;
  readonly ringBytes: number;
  /** Bytes and newlines appended. */
  size = 0;
  newlines = 0;
  /** The last byte appended is a newline, or there is none. */
  atLineStart = true;
  /** Bytes that are in the file (or were, before the ring went round). */
  written = 0;
  failure: SpoolFailure | null = null;
  onDrain: () => void = () => undefined;
  onFailure: (failure: SpoolFailure) => void = () => undefined;

  readonly #path: string;
  readonly #fd: number;
  readonly #headSegments = new SegmentIndex();
  readonly #ringSegments = new SegmentIndex();
  /** Bytes whose place in the file is theirs from now on, being written or not. */
  #claimed = 0;
  #block: Block | null = null;
  #queue: Block[] = [];
  #free: Buffer[] = [];
  #writing: Promise<void> | null = null;
  /** Under way: the descriptor is not closed beneath them, as it may be another file's right after. */
  readonly #reading = new Set<Promise<unknown>>();
  #full = false;
  #isClosed = false;
  #waiters: { target: number; resolve: () => void }[] = [];

  /** Makes the file: before the child is started, so that a full disk is known in time. Throws SpoolDiskFull or SpoolBroken. */
  static open(path: string, maxBytes: number): Spool {
    try {
      return new Spool(path, openSync(path, 'w+', 0o600), maxBytes);
    } catch (error) {
      throw toSpoolFailure(error);
    }
  }

  private constructor(path: string, fd: number, maxBytes: number) {
    this.#path = path;
    this.#fd = fd;
    this.headBytes = Math.floor(maxBytes / 4);
    this.ringBytes = maxBytes - this.headBytes;
  }

  /** Lines appended, a last one without newline too. */
  get lines(): number {
    return this.newlines + (this.atLineStart ? 0 : 1);
  }

  /** The lowest offset of the ring that is still in the file. */
  get oldest(): number {
    return Math.max(this.headBytes, this.#claimed - this.ringBytes);
  }

  get segmentCount(): number {
    return this.#headSegments.count + this.#ringSegments.count;
  }

  /** Copies the bytes. False: wait for `onDrain` before the next. */
  append(stream: Stream, bytes: Buffer, at: Date): boolean {
    const head = Math.max(0, Math.min(bytes.length, this.headBytes - this.size));
    if (head > 0) this.#append(this.#headSegments, stream, bytes.subarray(0, head), at);
    if (head < bytes.length) this.#append(this.#ringSegments, stream, bytes.subarray(head), at);
    if (!this.failure && this.size - this.written > FULL_BYTES) this.#full = true;
    return !this.#full;
  }

  /** Resolves when all bytes before `target` are in the file, or the disk failed. */
  async settle(target: number): Promise<void> {
    if (this.failure || this.written >= target) return;
    this.#seal();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push({ target, resolve });
    await promise;
  }

  /** Reads written bytes into `target`; null when they fell out of the ring. Throws SpoolBroken. */
  async read(offset: number, length: number, target = Buffer.allocUnsafe(length)): Promise<Buffer | null> {
    const bytes = target.subarray(0, length);
    try {
      for (const { at, from, to } of this.#places(offset, length)) {
        const bytesRead = await this.#readAt(bytes, from, to - from, at);
        if (bytesRead < to - from) throw new Error(`the file ends at ${at + bytesRead}`);
      }
    } catch (error) {
      throw toSpoolFailure(error);
    }
    return this.holds(offset) ? bytes : null;
  }

  holds(offset: number): boolean {
    return offset < this.headBytes || offset >= this.oldest;
  }

  /** The segments from the one that holds `offset` to the end of the head, or in the ring to the end. */
  segmentsFrom(offset: number): Iterable<Segment> {
    return (offset < this.headBytes ? this.#headSegments : this.#ringSegments).from(offset);
  }

  /** Nobody asks for segments before `offset` any more. */
  forget(offset: number): void {
    this.#headSegments.forget(offset);
    this.#ringSegments.forget(offset);
  }

  /** Drops what is not written yet, and deletes the file; one that a script has put something in the way of goes with its folder. Again: nothing. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queue = [];
    await Promise.allSettled([this.#writing, ...this.#reading]);
    for (const { resolve } of this.#waiters.splice(0)) resolve();
    closeSync(this.#fd);
    await removeFile(this.#path, this.size).catch(() => undefined);
  }

  async #readAt(bytes: Buffer, from: number, length: number, at: number): Promise<number> {
    if (this.#isClosed) throw new Error('the file is closed');
    const reading = readAt(this.#fd, bytes, from, length, at);
    this.#reading.add(reading);
    try {
      return (await reading).bytesRead;
    } finally {
      this.#reading.delete(reading);
    }
  }

  #append(segments: SegmentIndex, stream: Stream, bytes: Buffer, at: Date): void {
    const lines = countNewlines(bytes);
    if (!this.failure) {
      segments.append({ stream, at, offset: this.size, length: bytes.length, firstLine: this.newlines + 1, lines });
      this.#copy(bytes);
    }
    this.size += bytes.length;
    this.newlines += lines;
    this.atLineStart = bytes[bytes.length - 1] === 10;
  }

  #copy(bytes: Buffer): void {
    for (let done = 0; done < bytes.length;) {
      this.#block ??= {
        offset: this.size + done,
        length: 0,
        bytes: this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES),
      };
      const copied = bytes.copy(this.#block.bytes, this.#block.length, done);
      this.#block.length += copied;
      done += copied;
      if (this.#block.length === BLOCK_BYTES) this.#seal();
    }
  }

  #seal(): void {
    if (this.#block) this.#queue.push(this.#block);
    this.#block = null;
    if (this.#queue.length > 0) this.#writing ??= this.#writeQueue();
  }

  /** Never rejects. */
  async #writeQueue(): Promise<void> {
    for (let block = this.#queue.shift(); block; block = this.#queue.shift()) {
      try {
        await this.#write(block);
      } catch (error) {
        this.#fail(toSpoolFailure(error));
        break;
      }
      this.written = block.offset + block.length;
      if (this.#free.length < FREE_BLOCKS) this.#free.push(block.bytes);
      this.#ringSegments.forget(this.oldest);
      this.#tellWritten();
    }
    this.#writing = null;
  }

  async #write(block: Block): Promise<void> {
    if (this.#isClosed) throw new Error('the file is closed');
    this.#claimed = block.offset + block.length;
    for (const { at, from, to } of this.#places(block.offset, block.length)) {
      for (let start = from; start < to;) {
        const { bytesWritten } = await writeAt(this.#fd, block.bytes, start, to - start, at + start - from);
        start += bytesWritten;
      }
    }
  }

  #tellWritten(): void {
    this.#waiters = this.#waiters.filter(({ target, resolve }) => {
      if (this.written >= target) resolve();
      return this.written < target;
    });
    if (this.#full && this.size - this.written < DRAINED_BYTES) this.#drain();
  }

  #drain(): void {
    this.#full = false;
    this.onDrain();
  }

  #fail(failure: SpoolFailure): void {
    this.failure = failure;
    this.#queue = [];
    this.#block = null;
    this.#free = [];
    for (const { resolve } of this.#waiters.splice(0)) resolve();
    this.onFailure(failure);
    this.#drain();
  }

  /** Where bytes of the log lie in the file: `from`..`to` of them at the file's `at`. */
  *#places(offset: number, length: number): Generator<{ at: number; from: number; to: number }, void, undefined> {
    for (let from = 0; from < length;) {
      const position = offset + from;
      const inRing = position - this.headBytes;
      const at = inRing < 0 ? position : this.headBytes + (inRing % this.ringBytes);
      const room = inRing < 0 ? -inRing : this.ringBytes - (inRing % this.ringBytes);
      const to = Math.min(length, from + room);
      yield { at, from, to };
      from = to;
    }
  }
}

async function removeFile(path: string, size: number): Promise<void> {
  if (size <= SMALL_BYTES) rmSync(path, { force: true });
  else await rm(path, { force: true });
}
