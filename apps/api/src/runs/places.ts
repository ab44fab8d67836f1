/** So many at once, first come, first served; whoever waits does so for a limited time. */
export class Places {
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** Runs `work` once there is a place; resolves to undefined where none became free within `waitMs`. */
  async within<T>(waitMs: number, work: () => Promise<T>): Promise<T | undefined> {
    if (this.#free > 0) this.#free -= 1;
    else if (!(await this.#wait(waitMs))) return undefined;
    try {
      return await work();
    } finally {
      this.#passOn();
    }
  }

  /** False: the time is over. */
  #wait(waitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const go = () => {
        clearTimeout(late);
        resolve(true);
      };
      const late = setTimeout(() => {
        this.#waiting.delete(go);
        resolve(false);
      }, waitMs);
      this.#waiting.add(go);
    });
  }

  #passOn(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
