import type { Stream } from '@das/contracts/states';

/** Consecutive bytes of one stream that arrived together. `offset` in the joined log; `lines` = newlines in it. */
export type Segment = { stream: Stream; at: Date; offset: number; length: number; firstLine: number; lines: number };

/** Arrivals of the same stream within so many milliseconds are one segment. */
const MERGE_MS = 20;
const MERGE_BYTES = 64 * 1024;

/** The segments of a part of the log, in order; forgotten from the front. */
export class SegmentIndex {
  #segments: Segment[] = [];
  /** Segments before it are forgotten. */
  #first = 0;

  get count(): number {
    return this.#segments.length - this.#first;
  }

  append(segment: Segment): void {
    const last = this.count > 0 ? this.#segments.at(-1) : undefined;
    const merges =
      last?.stream === segment.stream &&
      last.length + segment.length <= MERGE_BYTES &&
      segment.at.getTime() - last.at.getTime() < MERGE_MS;
    if (last && merges) {
      last.length += segment.length;
      last.lines += segment.lines;
    } else {
      this.#segments.push(segment);
    }
  }

  /** Forgets what lies wholly before `offset`. */
  forget(offset: number): void {
    for (let segment = this.#segments[this.#first]; segment && segment.offset + segment.length <= offset;) {
      segment = this.#segments[++this.#first];
    }
    if (this.#first > 1024 && this.#first > this.#segments.length / 2) {
      this.#segments = this.#segments.slice(this.#first);
      this.#first = 0;
    }
  }

  /** The segment that holds the byte at `offset`, and those after it. */
  *from(offset: number): Generator<Segment, void, undefined> {
    for (let i = this.#find(offset); i < this.#segments.length; i++) yield this.#segments[i] as Segment;
  }

  #find(offset: number): number {
    let low = this.#first;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const segment = this.#segments[middle] as Segment;
      if (segment.offset + segment.length <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
