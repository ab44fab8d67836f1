import { queryString } from '../api/client.ts';
import { remember, remembered } from '../ui/remembered.ts';
import { DEFAULT_VIEW, defaultQuery } from './default-view.ts';
import { readFilters, type RunFilters } from './filters.ts';

/** Filters under a name. The query is what stands in the address, so a view is shared by sharing the address. */
export type RunsView = { name: string; query: string };
/** Views that everybody has. */
export const GIVEN_VIEWS: readonly RunsView[] = [
  { name: 'All runs', query: '' },
  { name: 'Running now', query: '?state=running%2Ccancelling' },
  { name: 'Waiting', query: '?state=queued%2Cretrying' },
  { name: 'Failed last night', query: '?state=failed&last=night' },
  { name: 'Failed in 24 hours', query: '?state=failed&last=24h' },
];

const SAVED = 'das.runs.views';

/** The views of this browser, saved under their names. */
export class RunViews {
  saved = $state.raw<RunsView[]>(readSaved());
  opens = $state(defaultQuery());

  readonly all = $derived.by(() => [...GIVEN_VIEWS, ...this.saved]);

  /** The view that these filters are. */
  named(filters: RunFilters): RunsView | undefined {
    const query = canonical(queryString(filters));
    return this.all.find((view) => canonical(view.query) === query);
  }

  /** Under a name that is there already it takes that one's place. */
  save(name: string, filters: RunFilters): void {
    this.#store([...this.saved.filter((view) => view.name !== name), { name, query: queryString(filters) }]);
  }

  rename(view: RunsView, name: string): void {
    const others = this.saved.filter((other) => other.name !== name || other === view);
    this.#store(others.map((other) => (other === view ? { ...view, name } : other)));
  }

  remove(view: RunsView): void {
    this.#store(this.saved.filter((other) => other !== view));
    if (this.opens === view.query) this.open('');
  }

  /** Sets what /runs opens with. */
  open(query: string): void {
    this.opens = query;
    remember(DEFAULT_VIEW, query);
  }

  #store(views: RunsView[]): void {
    this.saved = views;
    remember(SAVED, JSON.stringify(views));
  }
}

/** Whatever the order of the names. */
function canonical(query: string): string {
  return queryString(readFilters(new URLSearchParams(query)));
}

function readSaved(): RunsView[] {
  try {
    const stored: unknown = JSON.parse(remembered(SAVED) ?? '[]');
    return Array.isArray(stored) ? stored.filter(isView) : [];
  } catch {
    return [];
  }
}

function isView(value: unknown): value is RunsView {
  const { name, query } = (value ?? {}) as Partial<RunsView>;
  return typeof name === 'string' && typeof query === 'string' && (query === '' || query.startsWith('?'));
}
