import type { CancelOutcome, RunStore } from '@das/core/mongo/run-store';
import type { RunQueue } from '@das/core/queue/run-queue';

/** Cancels runs, and tells Redis: that only makes it quicker, so nobody waits for it. */
export class Cancellation {
  readonly #runs: RunStore;
  readonly #queue: RunQueue;

  constructor(runs: RunStore, queue: RunQueue) {
    this.#runs = runs;
    this.#queue = queue;
  }

  async cancel(id: string, actor: string): Promise<CancelOutcome> {
    const result = await this.#runs.requestCancel(id, actor);
    // Both handle their failure: a job of a cancelled run ends silently, and a worker asks at its next renewal.
    if (result.outcome === 'cancelling') void this.#queue.announceCancel(id);
    if (result.outcome === 'cancelled') void this.#queue.remove(result.run);
    return result;
  }
}
