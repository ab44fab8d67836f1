import type { Stream } from '@das/contracts/states';
import { textOfLine } from './line-cutter.ts';
import type { RawLine } from './line-cutter.ts';
import type { LogGap } from './log-store.ts';

/** Most text of one answer, in bytes. */
const PAGE_BYTES = 4 * 1024 * 1024;

export type LogLine = {
  line: number;
  at: Date;
  offset: number;
  stream: Stream;
  text: string;
  gap?: LogGap;
  /** Only the beginning (of a match: the part around it) is in `text`. */
  cut?: true;
};
/** `isCutShort`: the time was over before all was looked at. `isFull`: earlier lines were left out. */
export type Read = { items: LogLine[]; nextLine: number | null; isCutShort: boolean; isFull: boolean };

/** Gathers the lines of an answer: the first or the last `limit`, and no more text than an answer may have. */
export class LinePageRead {
  readonly #limit: number;
  readonly #keep: 'first' | 'last';
  #lines: RawLine[] = [];
  #bytes = 0;
  /** The last one that was left out to make room. */
  #left: RawLine | undefined;

  constructor(limit: number, keep: 'first' | 'last') {
    this.#limit = limit;
    this.#keep = keep;
  }

  /** False: the page was full before. What two streams wrote of one line is never parted. */
  add(line: RawLine): boolean {
    const isFull = this.#lines.length >= this.#limit || this.#bytes >= PAGE_BYTES;
    if (isFull && this.#keep === 'first' && this.#lines.at(-1)?.line !== line.line) return false;
    this.#lines.push(compact(line));
    this.#bytes += line.length;
    if (this.#keep === 'last' && (isFull || this.#bytes > PAGE_BYTES)) {
      this.#left = this.#lines.shift();
      this.#bytes -= this.#left?.length ?? 0;
    }
    return true;
  }

  read(nextLine: number | null, isCutShort = false): Read {
    const whole = this.#lines.filter(({ line }) => line !== this.#left?.line);
    const lines = whole.length > 0 ? whole : this.#lines;
    const items = lines.map((line) => tellLine(line, textOfLine(line)));
    return { items, nextLine, isCutShort, isFull: this.#left !== undefined };
  }
}

/** With bytes of its own: a few bytes shall not hold a whole chunk in memory. */
function compact(line: RawLine): RawLine {
  return { ...line, parts: [Buffer.concat(line.parts)] };
}

export function tellLine({ line, at, offset, stream, gap, cut }: RawLine, text: string): LogLine {
  return { line, at, offset, stream, text, ...(gap && { gap }), ...(cut && { cut }) };
}
