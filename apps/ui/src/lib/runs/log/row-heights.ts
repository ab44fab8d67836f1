/** Held heights: above it those of rows that are gone are let go. */
const MOST = 20_000;

/** What rows were high when they were drawn, in px. Never changed: other heights are another object. */
export class RowHeights {
  readonly #heights: ReadonlyMap<string, number>;
  readonly #otherwise: number;

  /** `otherwise`: height of a row that was never drawn. */
  constructor(otherwise: number, heights: ReadonlyMap<string, number> = new Map()) {
    this.#otherwise = otherwise;
    this.#heights = heights;
  }

  of(key: string): number {
    return this.#heights.get(key) ?? this.#otherwise;
  }

  /** The same object where nothing is new. */
  with(measured: Iterable<readonly [string, number]>): RowHeights {
    const news = [...measured].filter(([key, height]) => this.of(key) !== height);
    if (news.length === 0) return this;
    const kept = this.#heights.size > MOST ? [...this.#heights].slice(-MOST / 2) : this.#heights;
    return new RowHeights(this.#otherwise, new Map([...kept, ...news]));
  }
}
