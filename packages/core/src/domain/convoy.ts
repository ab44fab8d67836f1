import { Coalescer } from './coalescer.ts';

/**
 * Calls that come while others are under way set out together, once those have arrived. What each of them asks of MongoDB and Redis on its way is
 * then asked in one trip for all (Coalescer), where by themselves they would spread over all the stages of the way. A call that comes alone
 * goes at once; one that is held up (by HDFS, say) holds up the next ones for `longestMs` at most.
 */
export class Convoy {
  readonly #crowds: Coalescer<() => Promise<void>, null>;

  constructor(longestMs: number) {
    this.#crowds = Coalescer.whole((calls) => atMost(longestMs, Promise.all(calls.map((call) => call()))));
  }

  /** Settles like `call`, and when it does: not with its crowd. */
  ride<T>(call: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      void this.#crowds.add(() => call().then(resolve, reject));
    });
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
