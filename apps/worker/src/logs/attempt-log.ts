import type { Stream } from '@das/contracts/states';
import { STREAMS } from '@das/contracts/states';
import type { LogGap } from '@das/core/mongo/log-store';
import type { Readable } from 'node:stream';
import { LineJoiner } from './line-joiner.ts';
import { LineObserver } from './line-observer.ts';
import { OutputTap } from './output-tap.ts';
import { countRead } from './read-buffers.ts';
import type { ShippedLog } from './shipper.ts';
import { Shipper } from './shipper.ts';
import type { SpoolFailure } from './spool-errors.ts';
import type { Spool } from './spool.ts';

/** A stream that does not end although its process is dead is cut after so many milliseconds. */
const DRAIN_MS = 2000;
/** Above so many segments in memory (MongoDB away, streams alternating line by line) the streams are joined more coarsely. */
const COARSE_SEGMENTS = 50_000;

export type AttemptLogOptions = {
  runId: string;
  attempt: number;
  store: ShippedLog;
  /** Arrival times: the server's clock. */
  now: () => Date;
  /** Per stream: each line as it arrives, without its end, cut after 8 KiB. Unwatched streams cost no work per line. */
  onLine?: { [S in Stream]?: (text: string) => void };
  /** The first bytes of a stream came. */
  onFirstOutput?: (stream: Stream) => void;
  /** Once, when the disk fails; output is still read (and dropped), so the script goes on until the caller ends it. */
  onSpoolFailure?: (failure: SpoolFailure) => void;
  /** The first of a series of failures to ship; it goes on trying, unless it is SpoolBroken. */
  onShipFailure?: (error: unknown) => void;
};

export type ClosedLog = {
  /** Bytes and lines of the joined log, dropped ones included. */
  size: number;
  lines: number;
  gap: LogGap | null;
  /** All but the gap is in MongoDB, and it is told so there. */
  complete: boolean;
};

/**
 * The log of one attempt: joins the child's two streams at line boundaries, spools them to disk and ships them to MongoDB
 * meanwhile. Memory stays at a few MiB whatever the output: it passes through the disk. Observers must not throw.
 */
export class AttemptLog implements AsyncDisposable {
  readonly #options: AttemptLogOptions;
  readonly #spool: Spool;
  readonly #shipper: Shipper;
  readonly #joiner: LineJoiner;
  readonly #taps: Record<Stream, OutputTap> = { stdout: new OutputTap(), stderr: new OutputTap() };
  #sources: Readable[] = [];
  #ended: Promise<unknown> = Promise.resolve();
  #closed: Promise<ClosedLog> | null = null;

  /** The spool is the log's own from now on: it is removed at the end. */
  constructor(spool: Spool, options: AttemptLogOptions) {
    const { runId, attempt, store, now, onShipFailure, onSpoolFailure } = options;
    this.#options = options;
    this.#spool = spool;
    this.#shipper = new Shipper({ runId, attempt, spool, store, onFailure: (error) => onShipFailure?.(error) });
    this.#joiner = new LineJoiner(
      (stream, bytes) => {
        if (!spool.append(stream, bytes, now())) this.#pause();
        this.#shipper.notify();
      },
      () => spool.segmentCount > COARSE_SEGMENTS,
    );
    spool.onDrain = () => this.#resume();
    spool.onFailure = (failure) => onSpoolFailure?.(failure);
  }

  /** Reads the child's streams from now on, to their ends; once. `stdout` holds the script's both, `stderr` is spark-submit's own. */
  follow(streams: Record<Stream, Readable>): void {
    this.#sources = STREAMS.map((stream) => streams[stream]);
    this.#ended = Promise.all(STREAMS.map((stream) => this.#read(stream, streams[stream])));
  }

  /** Bytes joined so far. */
  get size(): number {
    return this.#spool.size;
  }

  get failure(): SpoolFailure | null {
    return this.#spool.failure;
  }

  /** The first `bytes` bytes (≤ 64 KiB) of a stream as text; characters are never cut, invalid bytes are replaced. */
  head(stream: Stream, bytes: number): string {
    return this.#taps[stream].head(bytes);
  }

  /** The last `bytes` bytes (≤ 64 KiB) of a stream as text; characters are never cut, invalid bytes are replaced. */
  tail(stream: Stream, bytes: number): string {
    return this.#taps[stream].tail(bytes);
  }

  /**
   * After the child's end: reads its streams to their ends (cut after 2 s), ships the rest and removes the spool. When
   * `signal` comes first, what is not shipped by then is lost and `complete` is false. Again: the same answer.
   */
  close({ signal }: { signal: AbortSignal }): Promise<ClosedLog> {
    this.#closed ??= this.#close(signal);
    return this.#closed;
  }

  /** Gives up what is not closed yet: nothing more is shipped, the spool is removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close({ signal: AbortSignal.abort() });
  }

  async #close(signal: AbortSignal): Promise<ClosedLog> {
    await this.#drain(signal);
    for (const stream of STREAMS) this.#joiner.end(stream);
    const complete = await this.#shipper.finish(signal);
    await this.#spool.close();
    return { size: this.#spool.size, lines: this.#spool.lines, gap: this.#shipper.gap, complete };
  }

  /** Resolves at the stream's end, however it comes. */
  #read(stream: Stream, source: Readable): Promise<void> {
    const tap = this.#taps[stream];
    const onLine = this.#options.onLine?.[stream];
    const lines = onLine ? new LineObserver(onLine) : null;
    source.on('data', (bytes: Buffer) => {
      const isFirst = tap.size === 0;
      tap.push(bytes);
      this.#joiner.push(stream, bytes);
      if (isFirst) this.#options.onFirstOutput?.(stream);
      lines?.push(bytes);
      countRead(bytes.length);
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => {
      this.#joiner.end(stream);
      lines?.end();
      resolve();
    };
    source.once('close', end).once('end', end);
    // A broken pipe ends the stream; `close` follows.
    source.on('error', () => undefined);
    return promise;
  }

  async #drain(signal: AbortSignal): Promise<void> {
    const cut = Promise.withResolvers<void>();
    const timer = setTimeout(cut.resolve, DRAIN_MS);
    signal.addEventListener('abort', () => cut.resolve(), { once: true });
    if (signal.aborted) cut.resolve();
    await Promise.race([this.#ended, cut.promise]);
    clearTimeout(timer);
    for (const source of this.#sources) source.destroy();
  }

  #pause(): void {
    for (const source of this.#sources) source.pause();
  }

  #resume(): void {
    for (const source of this.#sources) source.resume();
  }
}
