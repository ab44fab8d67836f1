import { incompleteTail } from '@das/core/domain/utf8';

/** Of a longer line only the beginning is told, in bytes. */
const LINE_BYTES = 8 * 1024;

/** Tells each line of a stream as text, without its line end, cut after 8 KiB. */
export class LineObserver {
  readonly #tell: (text: string) => void;
  #partial = Buffer.alloc(0);
  #length = 0;

  constructor(tell: (text: string) => void) {
    this.#tell = tell;
  }

  push(bytes: Buffer): void {
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      if (this.#length > 0) {
        this.#keep(bytes.subarray(start, end));
        this.end();
      } else {
        this.#tellLine(bytes.subarray(start, Math.min(end, start + LINE_BYTES)));
      }
      start = end + 1;
    }
    this.#keep(bytes.subarray(start));
  }

  /** Tells a last line that has no line end. */
  end(): void {
    if (this.#length > 0) this.#tellLine(this.#partial.subarray(0, this.#length));
    this.#length = 0;
  }

  #keep(bytes: Buffer): void {
    if (this.#partial.length === 0 && bytes.length > 0) this.#partial = Buffer.allocUnsafeSlow(LINE_BYTES);
    this.#length += bytes.copy(this.#partial, this.#length);
  }

  #tellLine(line: Buffer): void {
    const end = line[line.length - 1] === 13 ? line.length - 1 : line.length;
    this.#tell(line.toString('utf8', 0, end === LINE_BYTES ? end - incompleteTail(line) : end));
  }
}
