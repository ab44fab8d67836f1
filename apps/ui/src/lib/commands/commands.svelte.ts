import { untrack } from 'svelte';

/** Something a person can do here: listed in the palette (⌘K), and in `?` where it has keys. */
export type Command = {
  label: string;
  /** As pressed: `r`, `?`, `g s` (one after the other), `mod+k` (⌘ or Ctrl). Without them it is in the palette only. */
  keys?: string;
  /** False where it turns out that there was nothing to do: then the key stays the browser's. Without it the browser does it. */
  run?: () => unknown;
  /** More words by which the palette finds it. */
  also?: string;
};
export type CommandGroup = { page: string; commands: readonly Command[] };

/** The one registry of commands: each page offers its own for as long as it is shown. */
class Commands {
  groups = $state.raw<readonly CommandGroup[]>([]);
  /** What lies over the page. */
  open = $state<'palette' | 'help' | null>(null);

  /**
   * Offers a page's commands under its name; the answer takes them back. Made for `$effect`:
   * `$effect(() => commands.offer('Run', [{ label: 'Re-run', keys: 'r', run: () => (rerunning = true) }]))`.
   */
  offer(page: string, offered: readonly Command[]): () => void {
    const group = { page, commands: offered };
    this.groups = [...untrack(() => this.groups), group];
    return () => {
      this.groups = this.groups.filter((other) => other !== group);
    };
  }
}

export const commands = new Commands();
