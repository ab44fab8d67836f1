import type { LogFollower } from './log-follower.svelte.ts';
import { rowsOf, type LogRow } from './log-rows.ts';
import { LogSearch } from './log-search.svelte.ts';
import { LogViewport, type Outside } from './log-viewport.svelte.ts';
import { extendTo, type LineRange } from './line-range.ts';

/** One reader of a log: where they are, what they marked, unfolded and look for. */
export class LogReader {
  readonly log: LogFollower;
  readonly view: LogViewport;
  readonly search: LogSearch;
  marked = $state.raw<LineRange | null>(null);
  #unfolded = $state.raw<readonly string[]>([]);
  readonly rows = $derived.by(() => rowsOf(this.log.items, this.#unfolded));
  /** The reader marked other lines (or none). */
  readonly #onmark: (range: LineRange | null) => void;

  constructor(log: LogFollower, onmark: (range: LineRange | null) => void) {
    this.log = log;
    this.#onmark = onmark;
    this.view = new LogViewport({
      rows: () => this.rows,
      outside: () => this.#outside,
      following: () => log.following,
    });
    this.search = new LogSearch(log, () => this.view.firstLine);
  }

  /** Marked by the address: goes there. */
  goTo(range: LineRange | null): void {
    this.marked = range;
    if (range) void this.log.toLine(range.from);
  }

  mark(range: LineRange | null): void {
    this.marked = range;
    this.#onmark(range);
  }

  /** A number was clicked; with Shift the range grows. A new tab and the like stay the browser's. */
  clicked(event: MouseEvent, row: LogRow): void {
    if (event.metaKey || event.ctrlKey || event.altKey || event.button !== 0) return;
    event.preventDefault();
    this.mark(event.shiftKey ? extendTo(this.marked, row.to) : { from: row.line, to: row.to });
  }

  isMarked({ line, to }: LogRow): boolean {
    return this.marked !== null && to >= this.marked.from && line <= this.marked.to;
  }

  isCurrent({ line, to }: LogRow): boolean {
    const found = this.search.line;
    return found !== null && line <= found && found <= to;
  }

  toggle({ key }: LogRow): void {
    const held = this.#unfolded;
    this.#unfolded = held.includes(key) ? held.filter((other) => other !== key) : [...held, key];
  }

  /** What one goes to is seen: not folded away. */
  unfoldLine(line: number): void {
    const needle = this.search.found ?? '';
    for (const row of this.rows) {
      const isInside = row.line <= line && line <= row.to && row.folded > 0 && !row.unfolded;
      if (isInside && (line < row.to || (needle !== '' && !row.text.includes(needle)))) this.toggle(row);
    }
  }

  /** Lines before, among and after those that are held, that are not: what was dropped takes no room. */
  get #outside(): Outside {
    const { items, before, after, lineCount, gapLines } = this.log;
    const [first, last] = [items[0], items.at(-1)];
    if (!first || !last) return { above: 0, between: 0, below: 0 };
    const dropped = gapLines ? gapLines.to - gapLines.from : 0;
    const isAbove = gapLines !== null && first.line >= gapLines.to;
    const isBelow = gapLines !== null && last.line <= gapLines.from;
    return {
      above: before === null ? 0 : Math.max(0, first.line - 1 - (isAbove ? dropped : 0)),
      between: isAbove || isBelow ? 0 : dropped,
      below: after === null ? 0 : Math.max(0, lineCount - last.line - (isBelow ? dropped : 0)),
    };
  }
}
