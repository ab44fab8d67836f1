import type { LogPiece } from '@das/contracts/socket';
import { asApiError, isAbort, type ApiError } from '../../api/error.ts';
import { getLog, type LogRange } from '../../api/runs.ts';
import { LogBlocks, type LogBlock } from './log-blocks.ts';

/** How much is read at once, and at most before somebody asks for earlier parts, in bytes. */
const READ = 8 * 1024 * 1024;

/**
 * The log of one attempt: read by ranges up to its end, then grown by the socket's pieces. Offsets are bytes of the
 * original log; a piece that does not fit on (a hole, an overlap) makes it read the range over HTTP instead.
 */
export class LogFollower {
  readonly runId: string;
  readonly attempt: number;
  blocks = $state.raw<readonly LogBlock[]>([]);
  lineCount = $state(0);
  size = $state(0);
  /** Where what is held starts; above 0 there are earlier parts. */
  start = $state(0);
  complete = $state(false);
  loading = $state(true);
  loadingEarlier = $state(false);
  error = $state.raw<ApiError | null>(null);
  readonly #blocks = new LogBlocks();
  readonly #stop = new AbortController();
  #next: number;
  #reading: Promise<void> | null = null;
  #readAgain = false;
  #decoder = new TextDecoder();
  #gapTold = false;

  /** `knownSize`: the log's size as the run tells it, in bytes. */
  constructor(runId: string, attempt: number, knownSize: number) {
    this.runId = runId;
    this.attempt = attempt;
    this.start = Math.max(0, knownSize - READ);
    this.#next = this.start;
    void this.catchUp();
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Reads to the end of what there is. Calls while it reads make it look once more afterwards. */
  catchUp(): Promise<void> {
    if (this.complete) return Promise.resolve();
    this.#readAgain = true;
    this.#reading ??= this.#readAll().finally(() => (this.#reading = null));
    return this.#reading;
  }

  /** A piece from the socket. */
  take(piece: LogPiece): void {
    if (piece.nextOffset <= this.#next || this.#reading) {
      if (this.#reading) this.#readAgain = true;
      return;
    }
    if (piece.offset !== this.#next) {
      void this.catchUp();
      return;
    }
    this.#blocks.append(this.#decoder.decode() + piece.text, this.start === 0);
    this.#next = piece.nextOffset;
    this.size = Math.max(this.size, piece.nextOffset);
    this.#show();
  }

  async loadEarlier(): Promise<void> {
    if (this.start === 0 || this.loadingEarlier) return;
    this.loadingEarlier = true;
    try {
      const from = Math.max(0, this.start - READ);
      const range = await getLog(
        this.runId,
        this.attempt,
        { offset: from, limit: this.start - from },
        this.#stop.signal,
      );
      this.start = from;
      this.#blocks.prepend(new TextDecoder().decode(range.bytes), from === 0);
      this.#show();
    } catch (error) {
      if (!isAbort(error)) this.error = asApiError(error);
    } finally {
      this.loadingEarlier = false;
    }
  }

  async #readAll(): Promise<void> {
    try {
      do {
        this.#readAgain = false;
        const range = await getLog(this.runId, this.attempt, { offset: this.#next, limit: READ }, this.#stop.signal);
        this.#append(range);
        this.error = null;
        if (range.nextOffset < range.size && range.bytes.length > 0) this.#readAgain = true;
      } while (this.#readAgain && !this.complete);
    } catch (error) {
      if (!isAbort(error)) this.error = asApiError(error);
    } finally {
      this.loading = false;
    }
  }

  #append(range: LogRange): void {
    const { bytes, gap } = range;
    const passesGap = gap !== null && !this.#gapTold && this.#next < gap.end && range.nextOffset >= gap.end;
    const before = passesGap ? Math.max(0, gap.start - this.#next) : bytes.length;
    this.#decode(bytes.subarray(0, before));
    if (passesGap) {
      this.#blocks.append(this.#decoder.decode(), this.start === 0);
      this.#blocks.appendGap(gap.end - gap.start);
      this.#gapTold = true;
      this.#decode(bytes.subarray(before));
    }
    this.#next = Math.max(this.#next, range.nextOffset);
    this.size = range.size;
    this.complete = range.complete && range.nextOffset >= range.size;
    this.#show();
  }

  #decode(bytes: Uint8Array): void {
    this.#blocks.append(this.#decoder.decode(bytes, { stream: true }), this.start === 0);
  }

  #show(): void {
    this.blocks = this.#blocks.list;
    this.lineCount = this.#blocks.lineCount;
  }
}
