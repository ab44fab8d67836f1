import type { Command, CommandGroup } from './commands.svelte.ts';

/** How long after a first key its second one counts, in ms. */
const CHORD_MS = 1200;

/** What was pressed: `key` as the browser names it, `mod` = ⌘ or Ctrl, `at` in ms. */
export type Stroke = { key: string; mod: boolean; at: number };

/** Turns key strokes into commands, `g` then `s` included. */
export class KeyReader {
  #first: { key: string; at: number } | null = null;

  /** The command that this stroke completes; the groups that come last win, as they are the page's own. */
  read(stroke: Stroke, groups: readonly CommandGroup[]): Command | undefined {
    const key = (stroke.mod ? 'mod+' : '') + (stroke.mod ? stroke.key.toLowerCase() : stroke.key);
    const first = this.#first;
    this.#first = null;
    const all = groups.toReversed().flatMap((group) => group.commands);
    if (first && stroke.at - first.at < CHORD_MS) {
      const chord = all.find((command) => command.keys === `${first.key} ${key}`);
      if (chord) return chord;
    }
    if (all.some((command) => command.keys?.startsWith(`${key} `))) this.#first = { key, at: stroke.at };
    return all.find((command) => command.keys === key);
  }
}
