import type { LogLine, LogLinesAnswer } from '@das/contracts/log';

/** How much of a log is held at once, whatever its size: what bounds the page's memory. */
const MOST_LINES = 4000;
const MOST_CHARACTERS = 8_000_000;

/** Lines of a log that lie together, with where to ask for those before and after. Every change makes new lists. */
export class LineWindow {
  items: readonly LogLine[] = [];
  /** Ask for what lies before this line; null: it begins with the first there is. */
  before: number | null = null;
  /** Ask for what follows from this line on; null: it ends with the last there is now. */
  after: number | null = null;

  replace({ items, previousLine, nextLine }: LogLinesAnswer): void {
    this.items = items;
    this.before = previousLine;
    this.after = nextLine;
  }

  prepend({ items, previousLine }: LogLinesAnswer): void {
    this.before = previousLine;
    const first = this.items[0]?.line ?? Infinity;
    this.#hold([...items.filter(({ line }) => line < first), ...this.items], 'start');
  }

  /** `from`: what was asked for. Lines from there on are taken anew: the last one may have grown. */
  append({ items, nextLine }: LogLinesAnswer, from: number): void {
    this.after = nextLine;
    this.#hold([...this.items.filter(({ line }) => line < from), ...items], 'end');
  }

  holds(line: number): boolean {
    const [first, last] = [this.items[0], this.items.at(-1)];
    if (!first || !last) return false;
    return (line >= first.line || this.before === null) && (line <= last.line || this.after === null);
  }

  /** Drops what is too much at the other end. */
  #hold(items: LogLine[], keep: 'start' | 'end'): void {
    let [start, end] = [0, items.length];
    let characters = items.reduce((sum, { text }) => sum + text.length, 0);
    while (end - start > MOST_LINES || (characters > MOST_CHARACTERS && end - start > 1)) {
      const dropped = items[keep === 'start' ? (end -= 1) : start++] as LogLine;
      characters -= dropped.text.length;
    }
    if (end < items.length) this.after = (items[end] as LogLine).line;
    if (start > 0) this.before = (items[start] as LogLine).line;
    this.items = items.slice(start, end);
  }
}
