/** A stretch of a log: some lines, or what is not there. Blocks are what a page draws or leaves out. */
export type LogBlock = {
  readonly id: number;
  readonly lines: readonly string[];
  /** Number of the first line; null where it is not known (the log was not read from its start). */
  readonly number: number | null;
  /** Bytes that were dropped here; such a block has no lines. */
  readonly gap: number;
};

export const LINES_PER_BLOCK = 200;

/** Grows by text at its end and at its start; every change makes a new list and leaves the unchanged blocks alone. */
export class LogBlocks {
  #list: LogBlock[] = [];
  #ids = 0;
  /** Text after the last line break. */
  #open = false;

  get list(): readonly LogBlock[] {
    return this.#list;
  }

  get lineCount(): number {
    return this.#list.reduce((sum, block) => sum + block.lines.length, 0);
  }

  /** `numbered`: whether a first line is line 1. */
  append(text: string, numbered: boolean): void {
    if (text === '') return;
    const lines = text.split('\n');
    const endsOpen = lines.at(-1) !== '';
    if (!endsOpen) lines.pop();
    const list = [...this.#list];
    let last = list.at(-1);
    if (this.#open && last && last.gap === 0) {
      const merged = [...last.lines.slice(0, -1), (last.lines.at(-1) ?? '') + (lines.shift() ?? '')];
      last = { ...last, lines: merged };
      list[list.length - 1] = last;
    }
    let at = 0;
    while (at < lines.length) {
      const previous = list.at(-1);
      if (previous && previous.gap === 0 && previous.lines.length < LINES_PER_BLOCK) {
        const taken = lines.slice(at, at + LINES_PER_BLOCK - previous.lines.length);
        list[list.length - 1] = { ...previous, lines: [...previous.lines, ...taken] };
        at += taken.length;
      } else {
        list.push({ id: (this.#ids += 1), lines: [], number: this.#nextNumber(list, numbered), gap: 0 });
      }
    }
    this.#open = endsOpen;
    this.#list = list;
  }

  appendGap(bytes: number): void {
    this.#list = [...this.#list, { id: (this.#ids += 1), lines: [], number: null, gap: bytes }];
    this.#open = false;
  }

  /** Puts what lies before the first line; a line cut in two is joined. `numbered`: it starts at the log's start. */
  prepend(text: string, numbered: boolean): void {
    const rest = this.#list;
    const before = new LogBlocks();
    before.#ids = this.#ids;
    const [first] = rest;
    const cut = !text.endsWith('\n') && first !== undefined && first.gap === 0;
    before.append(cut ? text + (first.lines[0] ?? '') : text, numbered);
    const remaining = cut ? [{ ...first, lines: first.lines.slice(1) }, ...rest.slice(1)] : rest;
    this.#ids = before.#ids;
    this.#list = numbered ? renumber([...before.#list, ...remaining]) : [...before.#list, ...remaining];
  }

  #nextNumber(list: readonly LogBlock[], numbered: boolean): number | null {
    const previous = list.at(-1);
    if (!previous) return numbered ? 1 : null;
    return previous.number === null ? null : previous.number + previous.lines.length;
  }
}

/** Numbers all blocks from 1, up to the first gap. */
function renumber(list: readonly LogBlock[]): LogBlock[] {
  let next: number | null = 1;
  return list.map((block) => {
    if (block.gap > 0) next = null;
    const number: number | null = next;
    if (next !== null) next += block.lines.length;
    return { ...block, number };
  });
}
