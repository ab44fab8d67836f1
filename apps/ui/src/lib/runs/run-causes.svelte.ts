import type { Causes } from '@das/contracts/causes';
import { getCauses } from '../api/bulk.ts';
import { Watch } from '../live/watch.svelte.ts';
import { asked, type RunFilters } from './filters.ts';

/** How long a new failure may wait to be grouped, in ms: the server reads thousands of runs for it. */
const SETTLE_MS = 5000;

/** Failed runs by cause, live. */
export class RunCauses {
  found = $state.raw<Causes | null>(null);
  readonly watch: Watch;

  constructor(filters: RunFilters) {
    this.watch = new Watch({
      topics: ['runs'],
      fetch: async (signal) => {
        this.found = await getCauses(asked(filters, Date.now()), signal);
      },
      handlers: {
        run: ({ items }) => {
          if (items.some(({ state }) => state === 'failed')) this.watch.refreshWithin(SETTLE_MS);
        },
      },
    });
  }
}
