import { SvelteSet } from 'svelte/reactivity';

/** The scripts chosen for a launch, by path. Outlives filters and pages; a reload clears it. */
class ScriptSelection {
  readonly paths = new SvelteSet<string>();
  #anchor: string | null = null;

  has(path: string): boolean {
    return this.paths.has(path);
  }

  /** Chooses or drops one; with `range` everything shown from the one clicked before to this one. */
  toggle(path: string, shown: readonly string[], range: boolean): void {
    const choose = !this.paths.has(path);
    const from = this.#anchor === null ? -1 : shown.indexOf(this.#anchor);
    const to = shown.indexOf(path);
    const changed = range && from >= 0 && to >= 0 ? shown.slice(Math.min(from, to), Math.max(from, to) + 1) : [path];
    this.set(changed, choose);
    this.#anchor = path;
  }

  set(paths: readonly string[], chosen: boolean): void {
    for (const path of paths) {
      if (chosen) this.paths.add(path);
      else this.paths.delete(path);
    }
  }

  clear(): void {
    this.paths.clear();
    this.#anchor = null;
  }
}

export const selection = new ScriptSelection();
