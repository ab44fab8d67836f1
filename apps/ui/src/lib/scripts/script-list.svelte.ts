import type { Script } from '@das/contracts/script';
import type { ScriptStatus } from '@das/contracts/states';
import { SvelteSet } from 'svelte/reactivity';
import { listScripts } from '../api/scripts.ts';
import { byKey } from '../live/by-key.ts';
import { Watch } from '../live/watch.svelte.ts';
import { settings } from '../system/settings.svelte.ts';
import { treeRows, type TreeRow as Row } from './script-tree.ts';
import { TrackedScript } from './tracked-script.svelte.ts';

const PAGE = 200;
/** While 100 pages come in, the list is sorted and drawn this often, not with each of them. Milliseconds. */
const DRAW_MS = 400;
/** How long the pages after the first one wait for the socket. Milliseconds. */
const JOIN_MS = 1500;
const NONE = { pending: 0, running: 0, success: 0, failed: 0, missing: 0 };
export type TreeRow = Row<TrackedScript>;

/** All tracked scripts (up to 20,000), live, as a tree; filtered here, so that typing never waits. */
export class ScriptList {
  scripts = $state.raw<readonly TrackedScript[]>([]);
  /** False while later pages are still coming. */
  complete = $state(false);
  q = $state('');
  statuses = $state.raw<ScriptStatus[]>([]);
  onlyMissing = $state(false);
  /** Of all scripts, whatever is shown. Counted when something came: 20,000 signals are too many to depend on. */
  counts = $state.raw<Readonly<Record<ScriptStatus | 'missing', number>>>(NONE);
  readonly collapsed = new SvelteSet<string>();
  readonly watch = new Watch({
    topics: ['scripts'],
    fetch: (signal) => this.#fetch(signal),
    repeats: true,
    handlers: { script: ({ items }) => this.#apply(items) },
  });
  #byPath = byPath([]);

  readonly shown = $derived.by(() => {
    const words = this.q.toLowerCase().split(/\s+/).filter(Boolean);
    const { statuses, onlyMissing } = this;
    const found = words.length > 0 ? this.scripts.filter((script) => script.matches(words)) : this.scripts;
    if (statuses.length === 0 && !onlyMissing) return found;
    return found.filter(
      ({ now }) => (statuses.length === 0 || statuses.includes(now.status)) && (!onlyMissing || now.missing),
    );
  });
  readonly shownPaths = $derived(this.shown.map(({ path }) => path));
  /** While one searches, everything found is in sight. */
  readonly rows = $derived(
    treeRows(this.shown, settings.scriptsDirectory, (path) => this.q.trim() === '' && this.collapsed.has(path)),
  );
  readonly filtered = $derived(this.q.trim() !== '' || this.statuses.length > 0 || this.onlyMissing);

  find(path: string): Script | undefined {
    // Read for its signal: the map itself has none.
    return this.scripts.length > 0 ? this.#byPath.get(path)?.now : undefined;
  }

  toggleDirectory(path: string, collapse = !this.collapsed.has(path)): void {
    if (collapse) this.collapsed.add(path);
    else this.collapsed.delete(path);
  }

  toggleStatus(status: ScriptStatus): void {
    this.statuses = this.statuses.includes(status)
      ? this.statuses.filter((held) => held !== status)
      : [...this.statuses, status];
  }

  clearFilters(): void {
    this.q = '';
    this.statuses = [];
    this.onlyMissing = false;
  }

  async #fetch(signal: AbortSignal): Promise<void> {
    const found = byKey<Script>([], ({ path }) => path);
    const pages: { cursor: string | undefined; began: number }[] = [];
    const read = async (cursor: string | undefined) => {
      pages.push({ cursor, began: performance.now() });
      const { items, nextCursor } = await listScripts({ limit: PAGE, cursor }, signal);
      for (const script of items) found.set(script.path, script);
      return nextCursor ?? undefined;
    };
    const isFirst = this.scripts.length === 0;
    let drawnAt = -Infinity;
    let cursor: string | undefined;
    do {
      cursor = await read(cursor);
      // Something is to be seen. A hundred pages more before the socket is there would all be read twice.
      if (isFirst && pages.length === 1 && cursor) {
        this.#show([...found.values()]);
        drawnAt = performance.now();
        await this.watch.joined(JOIN_MS);
      }
      // The first load shows what has come by now; a later one replaces all at once.
      if (isFirst && cursor && !signal.aborted && performance.now() - drawnAt > DRAW_MS) {
        this.#show([...found.values()]);
        drawnAt = performance.now();
      }
    } while (cursor);
    // Scripts are never taken from the list, only marked as missing: a page that is read again lacks none.
    for (const page of pages) if (page.began < this.watch.joinedAt) await read(page.cursor);
    this.#show([...found.values()]);
    this.complete = true;
  }

  #apply(items: readonly Script[]): void {
    const added: Script[] = [];
    for (const script of items) {
      const held = this.#byPath.get(script.path);
      if (held) held.now = script;
      else added.push(script);
    }
    if (added.length > 0) this.#show([...this.scripts.map(({ now }) => now), ...added]);
    else this.#count();
  }

  #count(): void {
    const counts = { ...NONE };
    for (const { now } of this.scripts) {
      counts[now.status] += 1;
      if (now.missing) counts.missing += 1;
    }
    this.counts = counts;
  }

  /** Scripts that are held stay the same objects: their rows need not be made again. */
  #show(scripts: readonly Script[]): void {
    const next = scripts.map((script) => {
      const held = this.#byPath.get(script.path);
      if (!held) return new TrackedScript(script);
      held.now = script;
      return held;
    });
    this.#byPath = byPath(next);
    this.scripts = next.sort((a, b) => (a.order < b.order ? -1 : 1));
    this.#count();
  }
}

function byPath(scripts: readonly TrackedScript[]): ReadonlyMap<string, TrackedScript> {
  return byKey(scripts, ({ path }) => path);
}
