import type { Stream } from '@das/contracts/states';
import { incompleteTail } from '@das/core/domain/utf8';

/** A partial line waits so long (milliseconds) or so many bytes for its newline. */
const PARTIAL_MS = 200;
const PARTIAL_BYTES = 64 * 1024;

/**
 * Joins two streams into one at line boundaries: whole lines pass at once; the beginning of a line waits up to 200 ms or
 * 64 KiB for its end, and is then passed on without it (never in the middle of a character that may still become whole).
 */
export class LineJoiner {
  readonly #pass: (stream: Stream, bytes: Buffer) => void;
  readonly #isCoarse: () => boolean;
  readonly #partials: Record<Stream, Partial> = { stdout: new Partial(), stderr: new Partial() };

  /**
   * `isCoarse` true: whole lines wait like partial ones, so that streams which alternate line by line become few long
   * stretches. `pass` gets bytes that are only valid during the call.
   */
  constructor(pass: (stream: Stream, bytes: Buffer) => void, isCoarse: () => boolean) {
    this.#pass = pass;
    this.#isCoarse = isCoarse;
  }

  push(stream: Stream, bytes: Buffer): void {
    const partial = this.#partials[stream];
    const whole = this.#isCoarse() ? 0 : bytes.lastIndexOf(10) + 1;
    if (whole > 0) {
      this.#passPartial(stream, 0);
      this.#pass(stream, whole === bytes.length ? bytes : bytes.subarray(0, whole));
    }
    this.#hold(stream, bytes.subarray(whole));
    if (partial.length > 0) this.#arm(stream);
  }

  /** The stream is over: passes on what waits. */
  end(stream: Stream): void {
    this.#passPartial(stream, 0);
    clearTimeout(this.#partials[stream].timer);
  }

  #hold(stream: Stream, bytes: Buffer): void {
    const partial = this.#partials[stream];
    for (let rest = bytes; rest.length > 0;) {
      if (partial.length === 0 && rest.length > PARTIAL_BYTES) {
        const whole = rest.length - incompleteTail(rest);
        this.#pass(stream, rest.subarray(0, whole));
        rest = rest.subarray(whole);
      } else {
        rest = rest.subarray(partial.add(rest));
        if (partial.length === PARTIAL_BYTES) this.#passPartial(stream, incompleteTail(partial.bytes));
      }
    }
  }

  #passPartial(stream: Stream, held: number): void {
    const partial = this.#partials[stream];
    if (partial.length <= held) return;
    this.#pass(stream, partial.bytes.subarray(0, partial.length - held));
    partial.keepLast(held);
  }

  #arm(stream: Stream): void {
    const partial = this.#partials[stream];
    partial.timer ??= setTimeout(
      () => {
        partial.timer = undefined;
        if (partial.length === 0) return;
        if (performance.now() - partial.since >= PARTIAL_MS - 1)
          this.#passPartial(stream, incompleteTail(partial.bytes.subarray(0, partial.length)));
        else this.#arm(stream);
      },
      Math.max(1, PARTIAL_MS - (performance.now() - partial.since)),
    );
  }
}

/** The beginning of a line of one stream. */
class Partial {
  bytes = Buffer.alloc(0);
  length = 0;
  /** When its first byte came (monotonic milliseconds). */
  since = 0;
  timer: NodeJS.Timeout | undefined;

  /** Bytes taken: as many as there is room for. */
  add(bytes: Buffer): number {
    if (this.bytes.length === 0) this.bytes = Buffer.allocUnsafeSlow(PARTIAL_BYTES);
    if (this.length === 0) this.since = performance.now();
    const taken = bytes.copy(this.bytes, this.length);
    this.length += taken;
    return taken;
  }

  keepLast(count: number): void {
    this.bytes.copyWithin(0, this.length - count, this.length);
    this.length = count;
  }
}
