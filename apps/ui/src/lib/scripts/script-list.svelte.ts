import type { Script } from '@das/contracts/script';
import type { ScriptStatus } from '@das/contracts/states';
import { SvelteSet } from 'svelte/reactivity';
import { listScripts } from '../api/scripts.ts';
import { byKey } from '../live/by-key.ts';
import { Watch } from '../live/watch.svelte.ts';

const PAGE = 200;
export type ScriptRow =
  | { kind: 'directory'; key: string; directory: string; paths: string[]; collapsed: boolean }
  | { kind: 'script'; key: string; script: Script };

/** All tracked scripts (up to 20,000), live, grouped by directory; filtered here, so that typing never waits. */
export class ScriptList {
  scripts = $state.raw<Script[]>([]);
  /** False while later pages are still coming. */
  complete = $state(false);
  q = $state('');
  statuses = $state.raw<ScriptStatus[]>([]);
  onlyMissing = $state(false);
  readonly collapsed = new SvelteSet<string>();
  readonly watch = new Watch({
    topics: ['scripts'],
    fetch: (signal) => this.#fetch(signal),
    handlers: { script: ({ items }) => this.#apply(items) },
  });

  readonly shown = $derived.by(() => {
    const q = this.q.trim().toLowerCase();
    return this.scripts.filter(
      (script) =>
        (!q || script.path.toLowerCase().includes(q)) &&
        (this.statuses.length === 0 || this.statuses.includes(script.status)) &&
        (!this.onlyMissing || script.missing),
    );
  });
  readonly shownPaths = $derived(this.shown.map((script) => script.path));
  readonly rows = $derived(grouped(this.shown, this.collapsed));
  readonly filtered = $derived(this.q.trim() !== '' || this.statuses.length > 0 || this.onlyMissing);
  readonly missingCount = $derived(this.scripts.filter((script) => script.missing).length);

  find(path: string): Script | undefined {
    return this.scripts.find((script) => script.path === path);
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
    const scripts: Script[] = [];
    const first = this.scripts.length === 0;
    let cursor: string | undefined;
    do {
      const page = await listScripts({ limit: PAGE, cursor }, signal);
      scripts.push(...page.items);
      cursor = page.nextCursor ?? undefined;
      // The first load shows each page as it comes; a later one replaces all at once.
      if (first && !signal.aborted) this.scripts = sorted(scripts);
    } while (cursor);
    this.scripts = sorted(scripts);
    this.complete = true;
  }

  #apply(items: readonly Script[]): void {
    const held = byKey(this.scripts, (script) => script.path);
    for (const script of items) held.set(script.path, script);
    this.scripts = held.size === this.scripts.length ? [...held.values()] : sorted([...held.values()]);
  }
}

/** By directory, then name: what lies together stands together. */
function sorted(scripts: readonly Script[]): Script[] {
  return [...scripts].sort((a, b) => compare(a.directory, b.directory) || compare(a.name, b.name));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function grouped(scripts: readonly Script[], collapsed: ReadonlySet<string>): ScriptRow[] {
  const rows: ScriptRow[] = [];
  let head: Extract<ScriptRow, { kind: 'directory' }> | undefined;
  for (const script of scripts) {
    if (head === undefined || head.directory !== script.directory) {
      const { directory } = script;
      head = { kind: 'directory', key: `d:${directory}`, directory, paths: [], collapsed: collapsed.has(directory) };
      rows.push(head);
    }
    head.paths.push(script.path);
    if (!head.collapsed) rows.push({ kind: 'script', key: script.path, script });
  }
  return rows;
}
