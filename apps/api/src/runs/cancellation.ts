import { cancelWaitingRuns } from '@das/core/mongo/cancel-launch';
import type { Database } from '@das/core/mongo/database';
import type { LaunchStore } from '@das/core/mongo/launch-store';
import type { CancelOutcome, RunStore } from '@das/core/mongo/run-store';
import type { RunQueue } from '@das/core/queue/run-queue';
import { eachAtOnce } from './file-look-up.ts';

/** What a cancel did to one run of many. */
export type Cancelled = { id: string; ok: boolean; code?: string; detail?: string };

export type CancellationOptions = { db: Database; runs: RunStore; launches: LaunchStore; queue: RunQueue };

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

  /** Cancels what has not ended of a launch: what waits in one go, what runs one by one (there are only as many as places). */
  async cancelLaunch(launchId: string, actor: string): Promise<Cancelled[]> {
    const { db, launches, queue } = this.#options;
    const waiting = await cancelWaitingRuns(db, launchId, actor);
    for (const run of waiting) void queue.remove(run);
    const rest: Cancelled[] = (await launches.activeRuns(launchId)).map((id) => ({ id, ok: true }));
    await eachAtOnce(rest, 16, async (item) => {
      const result = await this.cancel(item.id, actor);
      if (result.outcome === 'ended')
        Object.assign(item, { ok: false, code: 'invalid_state', detail: `it was ${result.run.state} before` });
    });
    return [...waiting.map(({ _id }) => ({ id: _id, ok: true })), ...rest];
  }
}
