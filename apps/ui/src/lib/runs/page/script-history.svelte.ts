import type { RunSummary } from '@das/contracts/run';
import type { ScriptStats } from '@das/contracts/script';
import { getLastGoodRun, getScriptStats } from '../../api/script-history.ts';

/** Runs that say what is usual. */
const LAST = 30;

/**
 * What a run is held against: how its script's runs went, and the last good one before it. A page without them is whole, so
 * what cannot be read is left out.
 */
export class ScriptHistory {
  stats = $state.raw<ScriptStats | null>(null);
  /** Undefined until it is known whether there is one. */
  lastGood = $state.raw<RunSummary | null | undefined>(undefined);
  readonly #run: RunSummary;

  constructor(run: RunSummary) {
    this.#run = run;
  }

  /** Begins; the answer ends it. Made for `$effect`. */
  start(): () => void {
    const ended = new AbortController();
    void this.#load(ended.signal);
    return () => ended.abort();
  }

  async #load(signal: AbortSignal): Promise<void> {
    const [stats, lastGood] = await Promise.allSettled([
      getScriptStats(this.#run.script.path, LAST, signal),
      getLastGoodRun(this.#run, signal),
    ]);
    if (stats.status === 'fulfilled') this.stats = stats.value;
    if (lastGood.status === 'fulfilled') this.lastGood = lastGood.value;
  }
}
