/** So many at once, first come, first served. A turn that takes longer than `longestMs` ends by itself, and holds nobody up. */
export class Turns {
  readonly #longestMs: number | undefined;
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(atOnce: number, { longestMs }: { longestMs?: number } = {}) {
    this.#free = atOnce;
    this.#longestMs = longestMs;
  }

  /** Resolves when it is one's turn, which ends when it is disposed of. Rejects with the reason of `signal`: the wait is given up. */
  async take(signal?: AbortSignal): Promise<Disposable> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(signal);
    let over = false;
    const end = () => {
      if (over) return;
      over = true;
      clearTimeout(longest);
      this.#passOn();
    };
    const longest = this.#longestMs === undefined ? undefined : setTimeout(end, this.#longestMs);
    return { [Symbol.dispose]: end };
  }

  async #wait(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = () => {
      this.#waiting.delete(resolve);
      reject(signal?.reason);
    };
    this.#waiting.add(resolve);
    signal?.addEventListener('abort', giveUp);
    await promise.finally(() => signal?.removeEventListener('abort', giveUp));
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
