import type { Histogram } from '@das/contracts/launch';
import { getHistogram } from '../api/bulk.ts';
import { Watch } from '../live/watch.svelte.ts';
import { asked, type RunFilters } from './filters.ts';
import { askedBuckets } from './time-buckets.ts';

/** How long a change may wait to be drawn, in ms. */
const SETTLE_MS = 3000;

/** Runs by state over the time that the filters name, live. */
export class RunHistogram {
  buckets = $state.raw<Histogram['buckets'] | null>(null);
  bucketMs = $state(0);
  readonly watch: Watch;

  constructor(filters: RunFilters) {
    this.watch = new Watch({
      topics: ['runs'],
      fetch: async (signal) => {
        const now = Date.now();
        const query = asked(filters, now);
        const span = askedBuckets(query, now);
        this.buckets = (await getHistogram({ ...query, ...span }, signal)).buckets;
        this.bucketMs = span.bucketMs;
      },
      handlers: { run: () => this.watch.refreshWithin(SETTLE_MS) },
    });
  }
}
