/** Calls `act` once `ms` after the first of any number of calls of `later`: two hundred changes a second are one fetch. */
export class Settled {
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #act: () => void;
  readonly #ms: number;

  constructor(ms: number, act: () => void) {
    this.#ms = ms;
    this.#act = act;
  }

  later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#act();
    }, this.#ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
