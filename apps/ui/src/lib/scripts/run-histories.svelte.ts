import type { RunSummary } from '@das/contracts/run';
import type { RunMark } from '@das/contracts/script';
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { getGrid } from '../api/scripts.ts';
import { byKey } from '../live/by-key.ts';
import { Watch } from '../live/watch.svelte.ts';
import { joinMarks, markOf } from './run-marks.ts';

/** As many runs as the grid has columns. */
export const LAST = 14;
/** Of one call: the contract's limit, and what fits into an address (Node takes 16 KiB of headers). */
const MOST_PATHS = 200;
const MOST_CHARS = 12_000;
/** Scrolling asks row by row; what comes within this time is one call. Milliseconds. */
const GATHER_MS = 40;
/** Rows kept: a tab that has been scrolled through 20,000 scripts does not hold all of their runs. */
const KEPT = 3000;

/** The newest runs of the scripts that are in sight, live. */
export class RunHistories {
  readonly #rows = new SvelteMap<string, readonly RunMark[]>();
  /** Asked for, and not answered yet. */
  readonly #missing = new SvelteSet<string>();
  readonly #coming = new SvelteSet<string>();
  #sight: readonly string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = new AbortController();
  readonly watch = new Watch({
    topics: ['runs'],
    fetch: (signal) => this.#again(signal),
    handlers: { run: ({ items }) => this.#apply(items) },
  });

  /** Made for `$effect`. */
  start(): () => void {
    const leave = this.watch.start();
    this.#ended = new AbortController();
    return () => {
      leave();
      clearTimeout(this.#timer);
      this.#ended.abort();
    };
  }

  /** Newest first; undefined until known. */
  of(path: string): readonly RunMark[] | undefined {
    return this.#coming.has(path) ? undefined : this.#rows.get(path);
  }

  /** Says what is in sight: what is not known of it is fetched. */
  want(paths: readonly string[]): void {
    this.#sight = paths;
    for (const path of paths) if (!this.#rows.has(path) && !this.#coming.has(path)) this.#missing.add(path);
    if (this.#missing.size > 0) this.#timer ??= setTimeout(() => void this.#fetchMissing(), GATHER_MS);
  }

  async #fetchMissing(): Promise<void> {
    this.#timer = undefined;
    const wanted = [...this.#missing];
    this.#missing.clear();
    this.#forgetFar();
    await this.#fetch(wanted, this.#ended.signal).catch(() => undefined); // The watch fetches again, and tells why not.
  }

  /** After a gap only what is in sight is fetched again, the rest when it is seen. */
  async #again(signal: AbortSignal): Promise<void> {
    const inSight = byKey(this.#sight, (path) => path);
    for (const path of [...this.#rows.keys()]) if (!inSight.has(path)) this.#rows.delete(path);
    await this.#fetch(this.#sight, signal);
  }

  async #fetch(paths: readonly string[], signal: AbortSignal): Promise<void> {
    for (const path of paths) if (!this.#rows.has(path)) this.#coming.add(path);
    try {
      for (const chunk of chunks(paths)) {
        const { items } = await getGrid(chunk, LAST, signal);
        for (const { path, runs } of items) {
          this.#coming.delete(path);
          this.#rows.set(path, joinMarks(this.#rows.get(path) ?? [], runs, LAST));
        }
      }
    } finally {
      for (const path of paths) this.#coming.delete(path);
    }
  }

  #apply(runs: readonly RunSummary[]): void {
    for (const run of runs) {
      const { path } = run.script;
      const held = this.#rows.get(path);
      // What is on its way may be older than this: it is joined to it when it is there.
      if (held || this.#coming.has(path)) this.#rows.set(path, joinMarks(held ?? [], [markOf(run)], LAST));
    }
  }

  #forgetFar(): void {
    if (this.#rows.size <= KEPT) return;
    const inSight = byKey(this.#sight, (path) => path);
    for (const path of [...this.#rows.keys()].slice(0, this.#rows.size - KEPT)) {
      if (!inSight.has(path)) this.#rows.delete(path);
    }
  }
}

function chunks(paths: readonly string[]): string[][] {
  const all: string[][] = [];
  let chunk: string[] = [];
  let chars = 0;
  for (const path of paths) {
    const more = encodeURIComponent(path).length + 6;
    if (chunk.length > 0 && (chunk.length === MOST_PATHS || chars + more > MOST_CHARS)) {
      all.push(chunk);
      [chunk, chars] = [[], 0];
    }
    chunk.push(path);
    chars += more;
  }
  if (chunk.length > 0) all.push(chunk);
  return all;
}
