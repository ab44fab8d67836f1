/** Rows above and below the visible ones, so that quick scrolling and Tab find something. */
const SPARE = 10;
const DESK = '(min-width: 48rem)';

/** Which of many rows of one height are in sight. */
export class RowWindow {
  scrollTop = $state(0);
  height = $state(800);
  #desk = $state(matchMedia(DESK).matches);
  readonly #count: () => number;

  constructor(count: () => number) {
    this.#count = count;
  }

  readonly rowHeight = $derived.by(() => (this.#desk ? 38 : 88));
  readonly first = $derived.by(() => {
    const first = Math.floor(this.scrollTop / this.rowHeight) - SPARE;
    return Math.max(0, Math.min(first, this.#count() - SPARE));
  });
  readonly end = $derived.by(() => {
    const end = Math.ceil((this.scrollTop + this.height) / this.rowHeight) + SPARE;
    return Math.min(this.#count(), Math.max(end, this.first));
  });

  /** Begins; the answer ends it. Made for `$effect`. */
  start(): () => void {
    const media = matchMedia(DESK);
    const onChange = () => (this.#desk = media.matches);
    media.addEventListener('change', onChange);
    return () => media.removeEventListener('change', onChange);
  }
}
