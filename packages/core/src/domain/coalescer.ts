type Waiting<In, Out> = {
  item: In;
  signal: AbortSignal | undefined;
  resolve: (out: Out) => void;
  reject: (error: unknown) => void;
};

/** What `work` answers for an item that failed by itself; the others of its batch are not harmed. */
export class Failed {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/**
 * Many callers, few trips: while `work` is busy with one batch, what comes in gathers for the next one. Alone, an item is worked
 * on at once. `work` answers one result for each item, in their order (`Failed` for one that failed by itself); when it throws, all
 * items of the batch fail. An item whose signal is aborted before its turn is not worked on.
 * With `gatherMs` each batch gathers for so long before it goes: for what nobody waits for.
 */
export class Coalescer<In, Out> {
  readonly #work: (items: In[]) => Promise<(Out | Failed)[]>;
  readonly #most: number;
  readonly #gatherMs: number;
  #waiting: Waiting<In, Out>[] = [];
  #busy = false;

  constructor(work: (items: In[]) => Promise<(Out | Failed)[]>, { most = 500, gatherMs = 0 } = {}) {
    this.#work = work;
    this.#most = most;
    this.#gatherMs = gatherMs;
  }

  /** For work whose only answer is that it is done, for all of a batch. */
  static whole<In>(
    work: (items: In[]) => Promise<unknown>,
    options?: { most?: number; gatherMs?: number },
  ): Coalescer<In, null> {
    return new Coalescer<In, null>(async (items) => {
      await work(items);
      return items.map(() => null);
    }, options);
  }

  add(item: In, signal?: AbortSignal): Promise<Out> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, signal, resolve, reject });
      if (this.#busy) return;
      this.#busy = true;
      void this.#workThrough();
    });
  }

  async #workThrough(): Promise<void> {
    // What arrived with the same turn of the event loop goes along with the first.
    if (this.#gatherMs === 0) await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      if (this.#gatherMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#gatherMs));
      const batch = this.#waiting.splice(0, this.#most).filter(isWanted);
      if (batch.length === 0) continue;
      try {
        const results = await this.#work(batch.map(({ item }) => item));
        batch.forEach(({ resolve, reject }, index) => {
          const result = results[index] as Out | Failed;
          if (result instanceof Failed) reject(result.error);
          else resolve(result);
        });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#busy = false;
  }
}

/** Whoever gave up waiting was told that it failed: it shall not happen later after all. */
function isWanted<In, Out>({ signal, reject }: Waiting<In, Out>): boolean {
  if (signal?.aborted) reject(signal.reason);
  return !signal?.aborted;
}
