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
/** After a fetch that failed. Milliseconds. */
const AGAIN_MS = 3000;
/** Rows kept: a tab that has been scrolled through 20,000 scripts does not hold all of their runs. */
const KEPT = 3000;

/** The newest runs of the scripts that are in sight, live. */
export class RunHistories {
  readonly #rows = new SvelteMap<string, readonly RunMark[]>();
  /** To be asked for. */
  readonly #missing = new SvelteSet<string>();
  /** Asked for, and not answered yet; what ends the asking. */
  readonly #coming = new SvelteMap<string, AbortSignal>();
  #sight: readonly string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = new AbortController();
  readonly watch = new Watch({
    topics: ['runs'],
    fetch: (signal) => this.#again(signal),
    repeats: true,
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
    return this.#isComing(path) ? undefined : this.#rows.get(path);
  }

  /** Says what is in sight: what is not known of it is fetched. */
  want(paths: readonly string[]): void {
    this.#sight = paths;
    this.#ask(paths.filter((path) => !this.#rows.has(path)));
  }

  #isComing(path: string): boolean {
    return this.#coming.get(path)?.aborted === false;
  }

  #ask(paths: readonly string[]): void {
    for (const path of paths) if (!this.#isComing(path)) this.#missing.add(path);
    if (this.#missing.size > 0) this.#timer ??= setTimeout(() => void this.#fetchMissing(), GATHER_MS);
  }

  async #fetchMissing(): Promise<void> {
    this.#timer = undefined;
    const wanted = [...this.#missing];
    this.#missing.clear();
    this.#forgetFar();
    await this.#fetch(wanted, this.#ended.signal).catch(() => this.watch.refreshWithin(AGAIN_MS));
  }

  /** After a gap only what is in sight is fetched again, the rest when it is seen. Nothing is asked for twice at a time. */
  async #again(signal: AbortSignal): Promise<void> {
    const inSight = byKey(this.#sight, (path) => path);
    for (const path of [...this.#rows.keys()]) if (!inSight.has(path)) this.#rows.delete(path);
    this.#missing.clear();
    await this.#fetch(
      this.#sight.filter((path) => !this.#isComing(path)),
      signal,
    );
  }

  async #fetch(paths: readonly string[], signal: AbortSignal): Promise<void> {
    const began = performance.now();
    for (const path of paths) if (!this.#rows.has(path)) this.#coming.set(path, signal);
    try {
      for (const chunk of chunks(paths)) {
        const { items } = await getGrid(chunk, LAST, signal);
        for (const { path, runs } of items) {
          this.#coming.delete(path);
          this.#rows.set(path, joinMarks(this.#rows.get(path) ?? [], runs, LAST));
        }
      }
    } finally {
      for (const path of paths) if (this.#coming.get(path) === signal) this.#coming.delete(path);
    }
    // Since it was asked for, somebody began to tell of changes: one may lie between.
    if (began < this.watch.joinedAt) this.#ask(paths.filter((path) => this.#sight.includes(path)));
  }

  #apply(runs: readonly RunSummary[]): void {
    for (const run of runs) {
      const { path } = run.script;
      const held = this.#rows.get(path);
      // What is on its way may be older than this: it is joined to it when it is there.
      if (held || this.#isComing(path)) this.#rows.set(path, joinMarks(held ?? [], [markOf(run)], LAST));
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
