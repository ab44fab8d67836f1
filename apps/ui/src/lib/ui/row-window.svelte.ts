/** Rows above and below the visible ones, so that quick scrolling and Tab find something. */
const SPARE = 8;

/** Which of many rows of one height are in sight of the element it is attached to: only those are in the page. */
export class RowWindow {
  readonly #count: () => number;
  readonly #rowHeight: () => number;
  #element: HTMLElement | null = null;
  #scrollTop = $state(0);
  #height = $state(600);

  /** `rowHeight` in px. */
  constructor(count: () => number, rowHeight: () => number) {
    this.#count = count;
    this.#rowHeight = rowHeight;
  }

  readonly rowHeight = $derived.by(() => this.#rowHeight());
  /** A list that became shorter than what was scrolled shows its end. */
  readonly first = $derived.by(() => {
    const first = Math.floor(this.#scrollTop / this.rowHeight) - SPARE;
    return Math.max(0, Math.min(first, this.#count() - SPARE));
  });
  /** Exclusive. */
  readonly last = $derived.by(() => {
    const last = Math.ceil((this.#scrollTop + this.#height) / this.rowHeight) + SPARE;
    return Math.min(this.#count(), Math.max(last, this.first));
  });
  /** How many whole rows are in sight: a page, for the keyboard. */
  get page(): number {
    return Math.max(1, Math.floor(this.#height / this.rowHeight) - 1);
  }

  /** For `{@attach}`: the element that scrolls. */
  readonly attach = (element: HTMLElement): (() => void) => {
    this.#element = element;
    const onscroll = () => (this.#scrollTop = element.scrollTop);
    const sizes = new ResizeObserver(() => (this.#height = element.clientHeight));
    element.addEventListener('scroll', onscroll, { passive: true });
    sizes.observe(element);
    return () => {
      element.removeEventListener('scroll', onscroll);
      sizes.disconnect();
      this.#element = null;
    };
  };

  /** Scrolls as little as needed for the row to be in sight; `above` is what covers the top (a head that stays). */
  reveal(index: number, above = 0): void {
    const element = this.#element;
    if (!element) return;
    const top = index * this.rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + this.rowHeight + above > element.scrollTop + element.clientHeight)
      element.scrollTop = top + this.rowHeight + above - element.clientHeight;
    this.#scrollTop = element.scrollTop;
  }
}
