import { countRuns } from '../api/bulk.ts';
import { session } from '../session/session.svelte.ts';

/** How often the runs are counted, in ms: where somebody looks, and in a tab behind others. */
const EVERY_MS = 10_000;
const BEHIND_MS = 30_000;
const MARKS = { calm: '#9ff0c8', busy: '#6cb0ff', bad: '#ff5d60' };

/**
 * What the tab itself tells, also from behind others: how many runs there are under way, and how many have failed since somebody last
 * looked. `words` go before the titles of lists, the icon is drawn here. It counts by asking, so that a page which needs no
 * live runs is not sent them.
 */
export class TabSign {
  running = $state(0);
  failed = $state(0);
  /** Failed runs when somebody last looked; null: nobody knows yet. */
  #seen: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `✕ 2 failed · `, `(3) ` or nothing. */
  readonly words = $derived.by(() => {
    if (this.failed > 0) return `✕ ${this.failed.toLocaleString('en')} failed · `;
    return this.running > 0 ? `(${this.running.toLocaleString('en')}) ` : '';
  });

  /** Begins; the answer ends it. Made for `$effect`. */
  start(): () => void {
    const onVisible = () => void this.#count();
    document.addEventListener('visibilitychange', onVisible);
    void this.#count();
    return () => {
      clearTimeout(this.#timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }

  /** The icon of the tab, as an address. */
  get icon(): string {
    const mark = this.failed > 0 ? MARKS.bad : this.running > 0 ? MARKS.busy : MARKS.calm;
    const radius = this.failed > 0 || this.running > 0 ? 6 : 2.2;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#5b5bd6"/><path d="M8 10.5h9M8 16h16M8 21.5h11" stroke="#fff" stroke-width="2.6" stroke-linecap="round"/><circle cx="23" cy="9.5" r="${radius}" fill="${mark}"/></svg>`;
    return `data:image/svg+xml,${encodeURIComponent(svg)}`;
  }

  async #count(): Promise<void> {
    clearTimeout(this.#timer);
    const hidden = document.hidden;
    try {
      if (!session.signedOut) {
        const counts = await countRuns({ state: 'running,cancelling,failed' });
        const failed = counts.failed ?? 0;
        this.running = (counts.running ?? 0) + (counts.cancelling ?? 0);
        // Whoever sees the page sees the failure in it.
        if (this.#seen === null || !hidden || failed < this.#seen) this.#seen = failed;
        this.failed = failed - this.#seen;
      }
    } catch {
      // The page itself tells that the API is away; the tab keeps what it knew.
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#count(), hidden ? BEHIND_MS : EVERY_MS);
  }
}
