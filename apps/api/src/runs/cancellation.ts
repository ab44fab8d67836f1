import { cancelWaitingRuns } from '@das/core/mongo/cancel-waiting';
import type { Cancellable } from '@das/core/mongo/cancel-waiting';
import type { Database } from '@das/core/mongo/database';
import type { LaunchStore } from '@das/core/mongo/launch-store';
import type { RunQuery } from '@das/core/mongo/run-query';
import type { CancelOutcome, RunStore } from '@das/core/mongo/run-store';
import type { RunQueue } from '@das/core/queue/run-queue';
import { eachAtOnce } from './each-at-once.ts';

/** What a cancel did to one run of many. */
export type Cancelled = { id: string; ok: boolean; code?: string; detail?: string };

export type CancellationOptions = {
  db: Database;
  runs: RunStore;
  query: RunQuery;
  launches: LaunchStore;
  queue: RunQueue;
};

/** Cancels runs, and tells Redis: that only makes it quicker, so nobody waits for it. */
export class Cancellation {
  readonly #options: CancellationOptions;

  constructor(options: CancellationOptions) {
    this.#options = options;
  }

  async cancel(id: string, actor: string): Promise<CancelOutcome> {
    const { runs, queue } = this.#options;
    const result = await runs.requestCancel(id, actor);
    // Both handle their failure: a job of a cancelled run ends silently, and a worker asks at its next renewal.
    if (result.outcome === 'cancelling') void queue.announceCancel(id);
    if (result.outcome === 'cancelled') void queue.remove(result.run);
    return result;
  }

  /** Cancels what has not ended of a launch. */
  async cancelLaunch(launchId: string, actor: string): Promise<Cancelled[]> {
    const waiting = await this.#cancelWaiting({ launchId }, actor);
    const running = await this.#options.launches.activeRuns(launchId);
    const rest = await this.#cancelEach(running, actor);
    return [...waiting, ...running].map((id) => rest.get(id) ?? { id, ok: true });
  }

  /** Cancels these; tells of each, in their order. One that is cancelling or cancelled already is fine. */
  async cancelMany(ids: readonly string[], actor: string): Promise<Cancelled[]> {
    await this.#cancelWaiting({ ids }, actor);
    const states = await this.#options.query.states(ids);
    const rest = await this.#cancelEach(ids.filter((id) => states.get(id) !== 'cancelled'), actor); // prettier-ignore
    return ids.map((id) => rest.get(id) ?? { id, ok: true });
  }

  /** What waits, in one go; answers their ids. */
  async #cancelWaiting(which: Cancellable, actor: string): Promise<string[]> {
    const { db, queue } = this.#options;
    const waiting = await cancelWaitingRuns(db, which, actor);
    for (const run of waiting) void queue.remove(run);
    return waiting.map(({ _id }) => _id);
  }

  /** What does not wait, one by one: of those that run there are only as many as places. */
  async #cancelEach(ids: readonly string[], actor: string): Promise<Map<string, Cancelled>> {
    const told = new Map<string, Cancelled>();
    await eachAtOnce(ids, 16, async (id) => {
      told.set(id, tellCancelled(id, await this.cancel(id, actor)));
    });
    return told;
  }
}

function tellCancelled(id: string, result: CancelOutcome): Cancelled {
  if (result.outcome === 'not_found') return { id, ok: false, code: 'not_found', detail: `there is no run ${id}` };
  if (result.outcome !== 'ended') return { id, ok: true };
  return { id, ok: false, code: 'invalid_state', detail: `it was ${result.run.state} before` };
}
