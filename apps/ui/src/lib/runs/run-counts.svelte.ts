import type { RunCounts } from '@das/contracts/launch';
import { countRuns } from '../api/bulk.ts';
import { Watch } from '../live/watch.svelte.ts';
import type { RunFilters } from './filters.ts';

/** How long a change may wait to be counted, in ms: two hundred changes a second are one count. */
const SETTLE_MS = 1000;

/** How many runs are in each state, live. The filter on the state itself does not count: the chips tell what a click would show. */
export class LiveCounts {
  counts = $state.raw<RunCounts | null>(null);
  readonly #watch: Watch;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(filters: RunFilters) {
    const { state: _, ...others } = filters;
    this.#watch = new Watch({
      topics: ['runs'],
      fetch: async (signal) => {
        this.counts = await countRuns(others, signal);
      },
      handlers: { run: () => this.#later() },
    });
  }

  /** Begins; the answer ends it. Made for `$effect`. */
  start(): () => void {
    const stop = this.#watch.start();
    return () => {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      stop();
    };
  }

  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#watch.refresh();
    }, SETTLE_MS);
  }
}
