/**
 * Calls that come while others are under way set out together, once those have arrived. What each of them asks of MongoDB and Redis on its way is
 * then asked in one trip for all (Coalescer), where by themselves they would spread over all the stages of the way. A call that comes alone
 * goes at once; one that is held up (by HDFS, say) holds up the next ones for `longestMs` at most.
 */
export class Convoy {
  readonly #longestMs: number;
  #waiting: (() => Promise<void>)[] = [];
  #leading = false;

  constructor(longestMs: number) {
    this.#longestMs = longestMs;
  }

  /** Settles like `call`. */
  ride<T>(call: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => call().then(resolve, reject));
      if (this.#leading) return;
      this.#leading = true;
      setImmediate(() => void this.#lead()); // what arrived with the same turn of the event loop comes along
    });
  }

  async #lead(): Promise<void> {
    while (this.#waiting.length > 0) {
      const calls = this.#waiting;
      this.#waiting = [];
      await atMost(this.#longestMs, Promise.all(calls.map((call) => call())));
    }
    this.#leading = false;
  }
}

function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void work.finally(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
