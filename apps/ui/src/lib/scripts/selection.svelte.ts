import { stretch } from '../ui/stretch.ts';

/** The scripts chosen for a launch, by path. Outlives filters, views and pages; a reload clears it. */
class ScriptSelection {
  readonly #paths = new Set<string>();
  /** One signal for all: 20,000 of them would cost more than drawing the rows in sight again. */
  #version = $state(0);
  #anchor: string | null = null;

  get size(): number {
    void this.#version;
    return this.#paths.size;
  }

  has(path: string): boolean {
    void this.#version;
    return this.#paths.has(path);
  }

  /** In the order of their paths. */
  sorted(): string[] {
    void this.#version;
    return [...this.#paths].sort();
  }

  /** At each place, how many of `paths` before it are chosen: any directory's count is the difference of two. */
  countsAlong(paths: readonly string[]): Uint32Array {
    void this.#version;
    const counts = new Uint32Array(paths.length + 1);
    if (this.#paths.size > 0)
      paths.forEach((path, at) => (counts[at + 1] = (counts[at] ?? 0) + (this.#paths.has(path) ? 1 : 0)));
    return counts;
  }

  /** Chooses or drops one; with `range` everything shown from the one clicked before to this one. */
  toggle(path: string, shown: readonly string[], range: boolean): void {
    const choose = !this.#paths.has(path);
    this.set(range ? stretch(shown, this.#anchor, path) : [path], choose);
    this.#anchor = path;
  }

  set(paths: readonly string[], chosen: boolean): void {
    for (const path of paths) {
      if (chosen) this.#paths.add(path);
      else this.#paths.delete(path);
    }
    this.#version += 1;
  }

  clear(): void {
    this.#paths.clear();
    this.#anchor = null;
    this.#version += 1;
  }
}

export const selection = new ScriptSelection();
