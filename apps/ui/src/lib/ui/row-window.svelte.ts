/** Rows above and below the visible ones, so that quick scrolling and Tab find something. */
const SPARE = 12;

/** Which of many rows of one height are in sight of the element it is attached to: only those are in the page. */
export class RowWindow {
  readonly rowHeight: number;
  readonly #count: () => number;
  #element: HTMLElement | null = null;
  #scrollTop = $state(0);
  #height = $state(600);

  constructor(count: () => number, rowHeight: number) {
    this.#count = count;
    this.rowHeight = rowHeight;
  }

  readonly first = $derived.by(() =>
    Math.max(0, Math.min(Math.floor(this.#scrollTop / this.rowHeight) - SPARE, this.#count() - 1)),
  );
  readonly last = $derived.by(() =>
    Math.min(this.#count(), Math.ceil((this.#scrollTop + this.#height) / this.rowHeight) + SPARE),
  );
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
