import type { LogRow } from './log-rows.ts';
import { RowHeights } from './row-heights.ts';

/** Height of a row until it was drawn once, in px. */
export const LINE_HEIGHT = 18;
/** Browsers cannot lay out more than some ten million px: from here on the scroll bar is a scale model. */
const MOST_HEIGHT = 8_000_000;
/** Drawn above and below what is in sight, in px. */
const SPARE = 400;

/** What the rows leave out, in lines of the log. */
export type Outside = { above: number; between: number; below: number };
/** What is looked at. */
export type Shown = {
  rows: () => readonly LogRow[];
  outside: () => Outside;
  /** The end stays in sight. */
  following: () => boolean;
};

/**
 * Where the reader is in a log of which only some rows are held. The truth is an anchor: a row, and how far its top lies above
 * the upper edge of what is in sight. Rows that come, go or turn out higher than thought move the scroll bar, not the text.
 *
 * Two scales: `offset` counts px from the top of the first held row; `scrollTop` is the element's. A step (wheel, keys) moves both
 * alike; a leap (the scroll bar) is a share of the whole. They may drift apart while one scrolls; `settled` joins them again.
 */
export class LogViewport {
  height = $state(400);
  scrollTop = $state(0);
  readonly #shown: Shown;
  #anchor = $state.raw<{ key: string; above: number } | null>(null);
  #heights = $state.raw(new RowHeights(LINE_HEIGHT));

  constructor(shown: Shown) {
    this.#shown = shown;
  }

  get rows(): readonly LogRow[] {
    return this.#shown.rows();
  }

  /** Top of each held row, and of what follows the last. */
  readonly tops = $derived.by(() => {
    const tops = new Float64Array(this.rows.length + 1);
    for (const [index, row] of this.rows.entries())
      tops[index + 1] = (tops[index] as number) + this.#heights.of(row.key);
    return tops;
  });
  readonly held = $derived(this.tops[this.rows.length] ?? 0);
  /** As high as the lines that are held were drawn. */
  readonly #perLine = $derived.by(() => {
    const [first, last] = [this.rows[0], this.rows.at(-1)];
    const lines = first && last ? last.to - first.line + 1 - this.#shown.outside().between : 0;
    return lines > 0 ? Math.max(0.01, this.held / lines) : LINE_HEIGHT;
  });
  readonly above = $derived.by(() => this.#shown.outside().above * this.#perLine);
  readonly below = $derived.by(() => this.#shown.outside().below * this.#perLine);
  readonly #whole = $derived(this.above + this.held + this.below);
  readonly offset = $derived.by(() => {
    if (this.#shown.following()) return this.#lowest;
    const index = this.rows.findIndex(({ key }) => key === this.#anchor?.key);
    return index < 0 ? 0 : (this.tops[index] as number) + (this.#anchor?.above ?? 0);
  });
  get #lowest(): number {
    return Math.max(0, this.held - this.height);
  }

  /** The last row that is held is in sight. */
  get isAtBottom(): boolean {
    return this.offset >= this.#lowest - 4;
  }

  /** Of the element's content. */
  readonly contentHeight = $derived(
    Math.max(Math.min(this.#whole, MOST_HEIGHT), this.farLine === null ? this.blockTop + this.held : 0),
  );
  /** Where the first held row is drawn in it, so that the anchor is where it was. */
  get blockTop(): number {
    return this.scrollTop - this.offset;
  }

  /** Which rows are drawn. */
  readonly drawn = $derived.by(() => {
    // Far from all that is held the two scales are far apart, too: a row drawn there would stretch the scroll bar.
    if (this.farLine !== null) return { from: 0, to: 0 };
    const from = Math.max(0, this.#rowAt(this.offset - SPARE));
    return { from, to: Math.min(this.rows.length, this.#rowAt(this.offset + this.height + SPARE) + 1) };
  });

  /** Number of the first line in sight. */
  get firstLine(): number {
    return this.rows[this.#rowAt(this.offset)]?.line ?? 1;
  }

  /** The element was scrolled. */
  scrolled(scrollTop: number): void {
    const step = scrollTop - this.scrollTop;
    const isStep = Math.abs(step) < this.height * 2;
    const offset = isStep ? this.offset + step : this.#wholeAt(scrollTop) - this.above;
    this.scrollTop = scrollTop;
    this.#moveTo(offset);
  }

  /** The line in sight, where that is far from all that is held; else null. */
  get farLine(): number | null {
    const { offset, held, height } = this;
    const isFar = (offset < -height * 3 && this.above > 0) || (offset > held + height * 2 && this.below > 0);
    return isFar ? this.#lineAt(offset) : null;
  }

  /** The place as it is now is held, whatever comes after it. */
  hold(): void {
    this.#moveTo(this.offset);
  }

  /** Where the element should be, so that its bar tells the truth. */
  settled(): number {
    const room = this.#whole - this.height;
    const scaled = Math.min(this.#whole, MOST_HEIGHT) - this.height;
    const top = this.above + this.offset;
    if (room <= 0) return 0;
    return Math.max(0, this.#whole <= MOST_HEIGHT ? top : (top / room) * scaled);
  }

  /** A row comes into sight, `share` of the height from the top. False: no row has this line. */
  reveal(line: number, share = 0.3): boolean {
    const index = this.rows.findIndex((row) => row.gap === 0 && row.to >= line);
    if (index < 0) return false;
    this.#moveTo((this.tops[index] as number) - Math.round(this.height * share));
    return true;
  }

  /** What the rows that were drawn are high. */
  measured(heights: Iterable<readonly [string, number]>): void {
    this.#heights = this.#heights.with(heights);
  }

  /** All heights are other ones: the width or the way of wrapping changed. */
  forgetHeights(): void {
    this.#heights = new RowHeights(LINE_HEIGHT);
  }

  #moveTo(offset: number): void {
    const least = this.above > 0 ? -Infinity : 0;
    const most = this.below > 0 ? Infinity : this.#lowest;
    const clamped = Math.max(least, Math.min(most, offset));
    const index = this.#rowAt(clamped);
    const row = this.rows[index];
    this.#anchor = row ? { key: row.key, above: clamped - (this.tops[index] as number) } : null;
  }

  /** How far down the whole log, as drawn, the element's place is. */
  #wholeAt(scrollTop: number): number {
    if (this.#whole <= MOST_HEIGHT) return scrollTop;
    return (scrollTop / (MOST_HEIGHT - this.height)) * (this.#whole - this.height);
  }

  #lineAt(offset: number): number {
    const [first, last] = [this.rows[0], this.rows.at(-1)];
    if (!first || !last) return 1;
    const line = offset < 0 ? first.line + offset / this.#perLine : last.to + (offset - this.held) / this.#perLine;
    return Math.max(1, Math.round(line));
  }

  /** Index of the row that lies there; the first or the last where none does. */
  #rowAt(offset: number): number {
    let [low, high] = [0, Math.max(0, this.rows.length - 1)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.tops[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
