import { tick } from 'svelte';
import type { RowWindow } from '../ui/row-window.svelte.ts';
import type { ScriptList, TreeRow } from './script-list.svelte.ts';
import { selection } from './selection.svelte.ts';

type Actions = { focus: (index: number) => void; launch: (paths: string[]) => void };

/** The row that the keyboard is on: it alone is reached by Tab, arrows lead to the others. */
export class TreeCursor {
  readonly #list: ScriptList;
  readonly #window: RowWindow;
  readonly #actions: Actions;
  #key = $state<string | null>(null);
  /** Rows may go and come (a filter): then the first one is it. */
  readonly index = $derived.by(() => (this.#key === null ? 0 : Math.max(0, this.#list.rows.indexOf(this.#key))));

  constructor(list: ScriptList, window: RowWindow, actions: Actions) {
    this.#list = list;
    this.#window = window;
    this.#actions = actions;
  }

  /** The row was clicked, or focused otherwise. */
  rest(row: TreeRow): void {
    this.#key = row.key;
  }

  async go(index: number): Promise<void> {
    const at = Math.max(0, Math.min(index, this.#list.rows.length - 1));
    const row = this.#list.rows.at(at);
    if (!row) return;
    this.#key = row.key;
    this.#window.reveal(at);
    await tick();
    this.#actions.focus(at);
  }

  /** True where the key was for the tree. */
  press(event: KeyboardEvent): boolean {
    const { rows } = this.#list;
    const row = rows.at(this.index);
    if (!row) return false;
    const moves: Record<string, number> = {
      ArrowDown: this.index + 1,
      ArrowUp: this.index - 1,
      Home: 0,
      End: rows.length - 1,
      PageDown: this.index + this.#window.page,
      PageUp: this.index - this.#window.page,
    };
    const to = moves[event.key];
    if (to !== undefined) void this.go(to);
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.#launch(row);
    else if (event.key.toLowerCase() === 'a' && (event.ctrlKey || event.metaKey))
      selection.set(this.#list.shownPaths, true); // prettier-ignore
    else if (event.key === ' ') this.#select(row, event.shiftKey);
    else if (event.key === 'ArrowLeft') this.#close(row);
    else if (event.key === 'ArrowRight') this.#open(row);
    else return false;
    return true;
  }

  #launch(row: TreeRow): void {
    if (selection.size > 0) this.#actions.launch(selection.sorted());
    else if (row.kind === 'script') this.#actions.launch([row.script.path]);
  }

  #select(row: TreeRow, range: boolean): void {
    const { shownPaths } = this.#list;
    if (row.kind === 'script') return selection.toggle(row.script.path, shownPaths, range);
    const paths = shownPaths.slice(row.from, row.to);
    selection.set(paths, !paths.every((path) => selection.has(path)));
  }

  /** Closes a directory; from anything else to the directory it lies in. */
  #close(row: TreeRow): void {
    if (row.kind === 'directory' && !row.collapsed) this.#list.toggleDirectory(row.path, true);
    else {
      const above = this.#list.rows.parentOf(this.index);
      if (above >= 0) void this.go(above);
    }
  }

  #open(row: TreeRow): void {
    if (row.kind !== 'directory') return;
    if (row.collapsed) this.#list.toggleDirectory(row.path, false);
    else void this.go(this.index + 1);
  }
}
