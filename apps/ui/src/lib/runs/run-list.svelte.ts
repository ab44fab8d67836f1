import type { RunSummary } from '@das/contracts/run';
import { listRuns } from '../api/runs.ts';
import { asApiError, type ApiError } from '../api/error.ts';
import type { Page } from '../api/client.ts';
import { Watch } from '../live/watch.svelte.ts';
import { Choice } from './choice.svelte.ts';
import { asked, type AskedFilters, type RunFilters } from './filters.ts';
import { HeldRuns } from './held-runs.ts';

const PAGE = 50;
const NEXT_PAGE = 200;
/** More is not paged in: nobody reads so far, and narrowing the filters is quicker. */
const MOST = 10_000;
/** Held runs above which a reader at the top gets the first page anew: a tab left open does not grow. */
const RENEWED_ABOVE = 1000;
/** So many pages are fetched again after a reconnect; what lies below is paged in again. */
const REFETCHED_PAGES = 5;
/** How long a run that left the filters stays, marked, before a reader at the top. In ms. */
const MARKED_MS = 4000;

/** The Runs page: newest first, page by page, live (see HeldRuns). */
export class RunList {
  readonly #held = new HeldRuns();
  runs = $state.raw<readonly RunSummary[]>([]);
  freshCount = $state(0);
  /** Ids of shown runs that the filters no longer name. */
  left = $state.raw(this.#held.left);
  nextCursor = $state<string | null>(null);
  loadingMore = $state(false);
  moreError = $state.raw<ApiError | null>(null);
  readonly chosen = new Choice();
  /** Whether new runs may be shown at once. */
  atTop = true;
  /** The pointer is in the list: nothing is taken from under it. */
  inHand = false;
  readonly filters: RunFilters;
  readonly watch: Watch;
  #asked: AskedFilters;
  #sweep: ReturnType<typeof setTimeout> | undefined;

  constructor(filters: RunFilters) {
    this.filters = filters;
    this.#asked = asked(filters, Date.now());
    this.watch = new Watch({
      topics: ['runs'],
      fetch: (signal) => this.#fetch(signal),
      handlers: { run: ({ items }) => this.#apply(items) },
    });
  }

  /** Begins; the answer ends it. Made for `$effect`. */
  start(): () => void {
    const stop = this.watch.start();
    return () => {
      clearTimeout(this.#sweep);
      stop();
    };
  }

  get atMost(): boolean {
    return this.runs.length >= MOST;
  }

  async loadMore(): Promise<void> {
    if (!this.nextCursor || this.loadingMore || this.atMost) return;
    this.loadingMore = true;
    try {
      const page = await listRuns({ ...this.#asked, limit: NEXT_PAGE, cursor: this.nextCursor });
      this.#held.append(page.items);
      this.nextCursor = page.nextCursor;
      this.moreError = null;
      this.#show();
    } catch (error) {
      this.moreError = asApiError(error);
    } finally {
      this.loadingMore = false;
    }
  }

  /** The reader goes to the top: what waited comes in. */
  showFresh(): void {
    this.atTop = true;
    if (this.#held.outgrown) return void this.watch.refresh();
    this.#held.showFresh();
    this.#show();
  }

  async #fetch(signal: AbortSignal): Promise<void> {
    const now = asked(this.filters, Date.now());
    const wanted = this.atTop && this.runs.length > RENEWED_ABOVE ? PAGE : this.runs.length;
    const items: RunSummary[] = [];
    let cursor: string | null = null;
    for (let pages = 0; pages === 0 || (cursor && items.length < wanted && pages < REFETCHED_PAGES); pages += 1) {
      const limit = wanted > PAGE ? NEXT_PAGE : PAGE;
      const page: Page<RunSummary> = await listRuns({ ...now, limit, cursor }, signal);
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    this.#asked = now;
    this.nextCursor = cursor;
    this.#held.replace(items, this);
    this.#show();
  }

  #apply(items: readonly RunSummary[]): void {
    this.#held.apply(items, this.#asked, { atTop: this.atTop, complete: !this.nextCursor });
    this.#show();
    if (this.atTop && this.#held.size > RENEWED_ABOVE * 2) void this.watch.refresh();
  }

  #show(): void {
    this.runs = this.#held.runs;
    this.freshCount = this.#held.freshCount;
    this.left = this.#held.left;
    if (this.left.size > 0) this.#sweep ??= setTimeout(() => this.#sweepWhenFree(), MARKED_MS);
  }

  #sweepWhenFree(): void {
    this.#sweep = undefined;
    if (document.hidden || (this.atTop && !this.inHand)) this.#held.sweep();
    this.#show();
  }
}
