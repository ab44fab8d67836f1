import type { RunSummary } from '@das/contracts/run';
import { matches, type AskedFilters } from './filters.ts';

/** Of a run's arguments, and of each the characters: a row shows no more, and 100 KiB are allowed. */
const ARGS_KEPT = 200;
/** New runs that wait whole; of those beyond, only that they are there. */
const FRESH_KEPT = 200;
const FRESH_COUNTED = 1000;

export type Reader = {
  /** Whether new runs may come in at once: the reader is at the top of the list. */
  atTop: boolean;
  /** The list is all that matches; else it ends at its last run, and older ones do not belong to it yet. */
  complete: boolean;
};

/**
 * The runs that a list holds, newest first: what changed is replaced where it stands, what is new waits until the reader is at
 * the top, and what the filters no longer name stays, marked, until `sweep`. Never more than was fetched and what arrived
 * since; `outgrown` says when that is worth a new fetch.
 */
export class HeldRuns {
  #runs: readonly RunSummary[] = [];
  /** Where each run stands in `#runs`. */
  #places = new Map<string, number>();
  readonly #fresh = new Map<string, RunSummary>();
  readonly #uncounted = new Set<string>();
  readonly #left = new Set<string>();

  get runs(): readonly RunSummary[] {
    return this.#runs;
  }

  /** Ids of runs that match no longer. */
  get left(): ReadonlySet<string> {
    return new Set(this.#left);
  }

  /** New runs that wait. At most `FRESH_COUNTED` are told apart. */
  get freshCount(): number {
    return this.#fresh.size + this.#uncounted.size;
  }

  /** More new runs wait than are kept: only a fetch shows them. */
  get outgrown(): boolean {
    return this.#uncounted.size > 0;
  }

  /** How many runs are kept in all. */
  get size(): number {
    return this.#runs.length + this.freshCount;
  }

  /** What a fetch answered takes the place of everything, but not of a newer state of the same run. */
  replace(items: readonly RunSummary[], { atTop }: Pick<Reader, 'atTop'>): void {
    const newest = this.#runs[0]?.id;
    const current = items.map((run) => this.#newerOf(run));
    this.#fresh.clear();
    this.#uncounted.clear();
    this.#left.clear();
    const waiting = atTop || newest === undefined ? [] : current.filter(({ id }) => id > newest);
    for (const run of waiting) this.#keepFresh(run);
    this.#setRuns(waiting.length > 0 ? current.filter(({ id }) => id <= (newest as string)) : current);
  }

  /** The next page, older than what is held. */
  append(items: readonly RunSummary[]): void {
    this.#setRuns([...this.#runs, ...items.filter(({ id }) => !this.#places.has(id)).map(slim)]);
  }

  /** What the socket said. */
  apply(items: readonly RunSummary[], filters: AskedFilters, { atTop, complete }: Reader): void {
    const runs = [...this.#runs];
    const oldest = runs.at(-1)?.id;
    // A worker that had a run is in its history, which lists do not carry: a held run keeps to the filter.
    const { worker: _, ...known } = filters;
    for (const run of items) {
      const place = this.#places.get(run.id);
      const before = place === undefined ? this.#fresh.get(run.id) : runs[place];
      if (before && run.seq <= before.seq) continue;
      const fits = matches(run, before ? known : filters);
      if (place !== undefined) {
        runs[place] = slim(run);
        if (fits) this.#left.delete(run.id);
        else this.#left.add(run.id);
      } else if (!fits) {
        this.#fresh.delete(run.id);
        this.#uncounted.delete(run.id);
      } else if (complete || oldest === undefined || run.id > oldest) {
        this.#keepFresh(run);
      }
    }
    this.#runs = runs;
    if (atTop) this.showFresh();
  }

  showFresh(): void {
    if (this.#fresh.size === 0) return;
    // Ids are sortable by time.
    this.#setRuns([...this.#fresh.values(), ...this.#runs].sort((a, b) => (a.id < b.id ? 1 : -1)));
    this.#fresh.clear();
  }

  /** Takes away what the filters no longer name. */
  sweep(): void {
    if (this.#left.size === 0) return;
    this.#setRuns(this.#runs.filter(({ id }) => !this.#left.has(id)));
    this.#left.clear();
  }

  #keepFresh(run: RunSummary): void {
    if (this.#fresh.has(run.id) || this.#fresh.size < FRESH_KEPT) this.#fresh.set(run.id, slim(run));
    else if (this.freshCount < FRESH_COUNTED) this.#uncounted.add(run.id);
  }

  #newerOf(run: RunSummary): RunSummary {
    const place = this.#places.get(run.id);
    const known = place === undefined ? this.#fresh.get(run.id) : this.#runs[place];
    return known && known.seq > run.seq ? known : slim(run);
  }

  #setRuns(runs: readonly RunSummary[]): void {
    this.#runs = runs;
    this.#places = new Map(runs.map(({ id }, place) => [id, place]));
  }
}

/** Without what no list shows: kilobytes of output, arguments and log lines a run. */
function slim(run: RunSummary): RunSummary {
  const { result, failure, args, ...rest } = run;
  return {
    ...rest,
    args: args.slice(0, ARGS_KEPT).map((arg) => arg.slice(0, ARGS_KEPT)),
    ...(result && { result: { exitCode: result.exitCode, tail: lastLine(result.tail) } }),
    ...(failure && { failure: { ...failure, excerpt: '' } }),
  };
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.trim().slice(0, 300) ?? '';
}
