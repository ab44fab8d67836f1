type Waiting<In, Out> = { item: In; resolve: (out: Out) => void; reject: (error: unknown) => void };

/**
 * Many callers, few trips: while `work` is busy with one batch, what comes in gathers for the next one. Alone, an item is worked
 * on at once. `work` answers one result for each item, in their order; when it throws, all items of the batch fail.
 */
export class Coalescer<In, Out> {
  readonly #work: (items: In[]) => Promise<Out[]>;
  readonly #most: number;
  #waiting: Waiting<In, Out>[] = [];
  #busy = false;

  constructor(work: (items: In[]) => Promise<Out[]>, most = 500) {
    this.#work = work;
    this.#most = most;
  }

  add(item: In): Promise<Out> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#busy) void this.#workThrough();
    });
  }

  async #workThrough(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#most);
      try {
        const results = await this.#work(batch.map(({ item }) => item));
        batch.forEach(({ resolve }, index) => resolve(results[index] as Out));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#busy = false;
  }
}
