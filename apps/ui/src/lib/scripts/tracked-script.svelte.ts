import type { Script } from '@das/contracts/script';
import { treeOrder, type Leaf } from './script-tree.ts';

/** One script of the list: what never changes of it, made once for searching and sorting, and what is known of it now. */
export class TrackedScript implements Leaf {
  readonly path: string;
  readonly name: string;
  readonly directories: readonly string[];
  readonly order: string;
  readonly #searched: string;
  now: Script = $state.raw() as Script;

  constructor(script: Script) {
    this.path = script.path;
    this.name = script.name;
    this.directories = script.directory.split('/').filter(Boolean);
    this.order = treeOrder(script.path);
    this.#searched = script.path.toLowerCase();
    this.now = script;
  }

  /** Holds all of `words`, which are in lower case. */
  matches(words: readonly string[]): boolean {
    return words.every((word) => this.#searched.includes(word));
  }
}
