import type { RunSummary } from '@das/contracts/run';
import { SvelteSet } from 'svelte/reactivity';
import { listRuns } from '../api/runs.ts';
import { asApiError, type ApiError } from '../api/error.ts';
import { byId } from '../live/by-key.ts';
import { Watch } from '../live/watch.svelte.ts';
import { matches, type RunFilters } from './filters.ts';

const PAGE = 50;

/**
 * The Runs page: newest first, page by page, live. New runs wait in `fresh` while the reader is not at the top,
 * so that nothing moves under the eyes; runs that changed are replaced where they stand.
 */
export class RunList {
  runs = $state.raw<RunSummary[]>([]);
  fresh = $state.raw<RunSummary[]>([]);
  nextCursor = $state<string | null>(null);
  loadingMore = $state(false);
  moreError = $state.raw<ApiError | null>(null);
  /** Ids of the runs a person ticked. */
  readonly chosen = new SvelteSet<string>();
  /** Whether new runs may be shown at once. */
  atTop = true;
  readonly filters: RunFilters;
  readonly watch: Watch;

  constructor(filters: RunFilters) {
    this.filters = filters;
    this.watch = new Watch({
      topics: ['runs'],
      fetch: (signal) => this.#fetch(signal),
      handlers: { run: ({ items }) => this.#apply(items) },
    });
  }

  async loadMore(): Promise<void> {
    if (!this.nextCursor || this.loadingMore) return;
    this.loadingMore = true;
    try {
      const page = await listRuns({ ...this.filters, limit: PAGE, cursor: this.nextCursor });
      const held = byId(this.runs);
      this.runs = [...this.runs, ...page.items.filter((run) => !held.has(run.id))];
      this.nextCursor = page.nextCursor;
      this.moreError = null;
    } catch (error) {
      this.moreError = asApiError(error);
    } finally {
      this.loadingMore = false;
    }
  }

  showFresh(): void {
    this.runs = newestFirst([...this.fresh, ...this.runs]);
    this.fresh = [];
  }

  async #fetch(signal: AbortSignal): Promise<void> {
    const page = await listRuns({ ...this.filters, limit: PAGE }, signal);
    const oldest = page.items.at(-1)?.id;
    // What was paged in before stays: a reconnect must not throw the reader back to the first page.
    const tail = page.nextCursor && oldest ? this.runs.filter((run) => run.id < oldest) : [];
    this.runs = [...page.items, ...tail];
    this.fresh = [];
    if (tail.length === 0) this.nextCursor = page.nextCursor;
  }

  #apply(items: readonly RunSummary[]): void {
    const held = byId(this.runs);
    const waiting = byId(this.fresh);
    const oldest = this.runs.at(-1)?.id;
    let arrived = false;
    for (const run of items) {
      const home = held.has(run.id) ? held : waiting;
      const known = home.get(run.id);
      if (known) {
        if (run.seq > known.seq) home.set(run.id, run);
      } else if (matches(run, this.filters) && (!this.nextCursor || !oldest || run.id > oldest)) {
        waiting.set(run.id, run);
        arrived = true;
      }
    }
    this.runs = [...held.values()];
    this.fresh = [...waiting.values()];
    if (arrived && this.atTop) this.showFresh();
  }
}

/** Ids are sortable by time. */
function newestFirst(runs: RunSummary[]): RunSummary[] {
  return runs.sort((a, b) => (a.id < b.id ? 1 : -1));
}
