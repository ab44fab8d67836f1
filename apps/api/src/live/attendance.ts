/** A page that is loaded again finds everything as it was. Milliseconds. */
const LINGER_MS = 5000;

/** Whether anybody is there for whom something is to be done. Who comes says so; that they have gone shows. */
export class Attendance {
  readonly #isSomebodyThere: () => boolean;
  /** When somebody was last there (monotonic). */
  #lastAt = -Infinity;
  #arrival = Promise.withResolvers<void>();

  constructor(isSomebodyThere: () => boolean) {
    this.#isSomebodyThere = isSomebodyThere;
  }

  /** Somebody comes. */
  arrive(): void {
    this.#lastAt = performance.now();
    this.#arrival.resolve();
  }

  /** Whether somebody is there, or was a moment ago. */
  lasts(): boolean {
    if (this.#isSomebodyThere()) this.#lastAt = performance.now();
    return performance.now() - this.#lastAt < LINGER_MS;
  }

  /** Resolves when the next one comes. */
  async next(): Promise<void> {
    this.#arrival = Promise.withResolvers();
    await this.#arrival.promise;
  }
}
