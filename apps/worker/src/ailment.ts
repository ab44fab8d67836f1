export type AilmentOptions = {
  /** Rejects, with the reason, while it lasts. */
  isOver: () => Promise<void>;
  /** From one look to the next; they double up to `mostMs`. */
  firstMs: number;
  mostMs: number;
  /** Called when it has begun, and when it is over. */
  onChange: () => void;
};

/**
 * Something that keeps this worker from taking runs: it is looked at with growing pauses, until it is over. One that comes again soon after
 * is looked at no sooner than it was the last time: who can work for a moment only is not to lose run after run.
 */
export class Ailment {
  readonly #options: AilmentOptions;
  #why: string | null = null;
  #pauseMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | null = null;
  #overAt = -Infinity;
  #closed = false;

  constructor(options: AilmentOptions) {
    this.#options = options;
  }

  /** What keeps the worker from taking runs; null when nothing does. */
  get why(): string | null {
    return this.#why;
  }

  /** It has shown itself. While it is known already, that changes nothing. */
  begin(why: string): void {
    if (this.#closed || this.#why !== null) return;
    const { firstMs, mostMs, onChange } = this.#options;
    const again = performance.now() - this.#overAt < 2 * mostMs;
    this.#pauseMs = again ? Math.min(2 * this.#pauseMs, mostMs) : firstMs;
    this.#why = why;
    this.#lookLater();
    onChange();
  }

  /** Looks at once; true when there is nothing of it. Never rejects. */
  async look(): Promise<boolean> {
    try {
      await (this.#looking ??= this.#options.isOver().finally(() => (this.#looking = null)));
      return true;
    } catch (error) {
      this.begin(error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  /** It is not looked at any more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #lookLater(): void {
    this.#timer = setTimeout(() => void this.#lookAgain(), this.#pauseMs);
  }

  async #lookAgain(): Promise<void> {
    const over = await this.look();
    if (this.#closed) return;
    if (!over) {
      this.#pauseMs = Math.min(2 * this.#pauseMs, this.#options.mostMs);
      return this.#lookLater();
    }
    this.#why = null;
    this.#overAt = performance.now();
    this.#options.onChange();
  }
}
