import { SvelteSet } from 'svelte/reactivity';
import { stretch } from '../ui/stretch.ts';

/** The runs that a person ticked, in the order of ticking. */
export class Choice {
  readonly #ids = new SvelteSet<string>();
  #anchor: string | null = null;

  readonly ids = $derived.by((): readonly string[] => [...this.#ids]);

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Chooses or drops one; with `range` everything shown from the one clicked before to this one. */
  toggle(id: string, shown: readonly string[], range: boolean): void {
    this.set(range ? stretch(shown, this.#anchor, id) : [id], !this.has(id));
    this.#anchor = id;
  }

  set(ids: readonly string[], chosen: boolean): void {
    for (const id of ids) {
      if (chosen) this.#ids.add(id);
      else this.#ids.delete(id);
    }
  }

  clear(): void {
    this.#ids.clear();
    this.#anchor = null;
  }
}
