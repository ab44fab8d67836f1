/**
 * What is short and wants the CPU, so many at once, first come, first served: sixteen starts side by side on two cores are all done when the
 * last is, and what started together ends together. A turn that takes long (it waits for HDFS, say) ends by itself, and holds nobody up.
 */
export class Turns {
  readonly #longestMs: number;
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(atOnce: number, longestMs: number) {
    this.#free = atOnce;
    this.#longestMs = longestMs;
  }

  /** Resolves when it is one's turn. It ends when it is disposed of, at the latest after `longestMs`. */
  async take(): Promise<Disposable> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let over = false;
    const end = () => {
      if (over) return;
      over = true;
      clearTimeout(longest);
      this.#passOn();
    };
    const longest = setTimeout(end, this.#longestMs);
    return { [Symbol.dispose]: end };
  }

  #passOn(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}
