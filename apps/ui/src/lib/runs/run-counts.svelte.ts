import type { RunCounts } from '@das/contracts/launch';
import { countRuns } from '../api/bulk.ts';
import { Watch } from '../live/watch.svelte.ts';
import { asked, type RunFilters } from './filters.ts';

/** How long a change may wait to be counted, in ms. */
const SETTLE_MS = 1000;

/** How many runs are in each state, live. The filter on the state itself does not count: the chips tell what a click would show. */
export class LiveCounts {
  counts = $state.raw<RunCounts | null>(null);
  readonly watch: Watch;

  constructor(filters: RunFilters) {
    const { state: _, ...others } = filters;
    this.watch = new Watch({
      topics: ['runs'],
      fetch: async (signal) => {
        this.counts = await countRuns(asked(others, Date.now()), signal);
      },
      handlers: { run: () => this.watch.refreshWithin(SETTLE_MS) },
    });
  }
}
