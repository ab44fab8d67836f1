import type { RunSummary } from '@das/contracts/run';
import type { RunMark } from '@das/contracts/script';
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { getGrid } from '../api/scripts.ts';
import { byKey } from '../live/by-key.ts';
import { Watch } from '../live/watch.svelte.ts';
import { joinMarks, markOf } from './run-marks.ts';

/** As many runs as the grid has columns. */
export const LAST = 14;
/** Rows of one call that are only fetched ahead: what comes into sight meanwhile does not wait for long. */
const AHEAD_PATHS = 100;
/** Of one call: the contract's limit, and what fits into an address (Node takes 16 KiB of headers). */
const MOST_PATHS = 200;
const MOST_CHARS = 12_000;
/** Scrolling asks row by row; what comes within this time is one call. Milliseconds. */
const GATHER_MS = 40;
/** After a fetch that failed. Milliseconds. */
const AGAIN_MS = 3000;
/** Rows kept: a tab that has been scrolled through 20,000 scripts does not hold all of their runs. */
const KEPT = 3000;

/** The newest runs of the scripts that are in sight, live. One call at a time, and what is in sight always goes first. */
export class RunHistories {
  readonly #rows = new SvelteMap<string, readonly RunMark[]>();
  /** To be asked for. */
  readonly #missing = new SvelteSet<string>();
  /** Asked for, never known before, and not answered yet; what ends the asking. */
  readonly #coming = new SvelteMap<string, AbortSignal>();
  #inSight: readonly string[] = [];
  #ahead: readonly string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #working = false;
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
      this.#timer = undefined;
      this.#ended.abort();
    };
  }

  /** Newest first; undefined until known. */
  of(path: string): readonly RunMark[] | undefined {
    return this.#isComing(path) ? undefined : this.#rows.get(path);
  }

  #isComing(path: string): boolean {
    return this.#coming.get(path)?.aborted === false;
  }

  /** Says what is in sight, and what may be next: what is not known of it is fetched. */
  want(inSight: readonly string[], ahead: readonly string[] = []): void {
    this.#inSight = inSight;
    this.#ahead = ahead;
    this.#ask([...inSight, ...ahead].filter((path) => !this.#rows.has(path)));
  }

  #ask(paths: readonly string[]): void {
    for (const path of paths) if (!this.#isComing(path)) this.#missing.add(path);
    if (this.#missing.size > 0 && !this.#working)
      this.#timer ??= setTimeout(() => void this.#fetchMissing(), GATHER_MS);
  }

  async #fetchMissing(): Promise<void> {
    this.#timer = undefined;
    this.#working = true;
    const { signal } = this.#ended;
    try {
      while (this.#missing.size > 0 && !signal.aborted) {
        this.#forgetFar();
        await this.#fetch(this.#takeMissing(), signal);
      }
    } catch {
      if (signal.aborted) return;
      this.#missing.clear();
      this.watch.refreshWithin(AGAIN_MS);
    } finally {
      this.#working = false;
      if (!this.#ended.signal.aborted) this.#ask([]); // asked for meanwhile, by a page that is shown again
    }
  }

  /** What the next call asks for. */
  #takeMissing(): string[] {
    const inSight = this.#inSight.filter((path) => this.#missing.has(path));
    const [next = []] = inSight.length > 0 ? chunks(inSight, MOST_PATHS) : chunks([...this.#missing], AHEAD_PATHS);
    for (const path of next) this.#missing.delete(path);
    return next;
  }

  /** After a gap what is in sight is fetched again, then what is next, and the rest when it is seen. Nothing is asked for twice at a time. */
  async #again(signal: AbortSignal): Promise<void> {
    const wanted = this.#wanted();
    for (const path of [...this.#rows.keys()]) if (!wanted.has(path)) this.#rows.delete(path);
    this.#missing.clear();
    const inSight = this.#inSight.filter((path) => !this.#isComing(path));
    for (const chunk of chunks(inSight, MOST_PATHS)) await this.#fetch(chunk, signal);
    this.#ask(this.#ahead);
  }

  async #fetch(paths: readonly string[], signal: AbortSignal): Promise<void> {
    const began = performance.now();
    const fresh = paths.filter((path) => !this.#rows.has(path));
    for (const path of fresh) this.#coming.set(path, signal);
    try {
      const { items } = await getGrid(paths, LAST, signal);
      for (const { path, runs } of items) this.#rows.set(path, joinMarks(this.#rows.get(path) ?? [], runs, LAST));
    } finally {
      for (const path of fresh) if (this.#coming.get(path) === signal) this.#coming.delete(path);
    }
    // Since it was asked for, somebody began to tell of changes: one may lie between.
    if (began < this.watch.joinedAt) {
      const wanted = this.#wanted();
      this.#ask(paths.filter((path) => wanted.has(path)));
    }
  }

  #wanted(): ReadonlyMap<string, string> {
    return byKey([...this.#inSight, ...this.#ahead], (path) => path);
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
    const wanted = this.#wanted();
    for (const path of [...this.#rows.keys()].slice(0, this.#rows.size - KEPT)) {
      if (!wanted.has(path)) this.#rows.delete(path);
    }
  }
}

function chunks(paths: readonly string[], most: number): string[][] {
  const all: string[][] = [];
  let chunk: string[] = [];
  let chars = 0;
  for (const path of paths) {
    const more = encodeURIComponent(path).length + 6;
    if (chunk.length > 0 && (chunk.length === most || chars + more > MOST_CHARS)) {
      all.push(chunk);
      [chunk, chars] = [[], 0];
    }
    chunk.push(path);
    chars += more;
  }
  if (chunk.length > 0) all.push(chunk);
  return all;
}
