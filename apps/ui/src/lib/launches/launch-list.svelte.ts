import type { Launch } from '@das/contracts/launch';
import { asApiError, type ApiError } from '../api/error.ts';
import { listLaunches } from '../api/launches.ts';
import { byId } from '../live/by-key.ts';
import { Watch } from '../live/watch.svelte.ts';

const PAGE = 50;

/** All launches, newest first, page by page, live. */
export class LaunchList {
  launches = $state.raw<Launch[]>([]);
  nextCursor = $state<string | null>(null);
  loadingMore = $state(false);
  moreError = $state.raw<ApiError | null>(null);
  readonly watch = new Watch({
    topics: ['launches'],
    fetch: async (signal) => {
      const page = await listLaunches({ limit: PAGE }, signal);
      this.launches = page.items;
      this.nextCursor = page.nextCursor;
    },
    handlers: { launch: ({ items }) => this.#apply(items) },
  });

  async loadMore(): Promise<void> {
    if (!this.nextCursor || this.loadingMore) return;
    this.loadingMore = true;
    try {
      const page = await listLaunches({ limit: PAGE, cursor: this.nextCursor });
      this.launches = [...this.launches, ...page.items];
      this.nextCursor = page.nextCursor;
      this.moreError = null;
    } catch (error) {
      this.moreError = asApiError(error);
    } finally {
      this.loadingMore = false;
    }
  }

  #apply(items: readonly Launch[]): void {
    const held = byId(this.launches);
    const oldest = this.launches.at(-1)?.id;
    for (const launch of items) {
      if (held.has(launch.id) || !this.nextCursor || !oldest || launch.id > oldest) held.set(launch.id, launch);
    }
    this.launches = [...held.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
  }
}
