import type { RunSummary } from '@das/contracts/run';
import type { Script } from '@das/contracts/script';
import { asApiError, isAbort, type ApiError } from '../api/error.ts';
import { listRuns } from '../api/runs.ts';
import { searchScripts } from '../api/scripts.ts';

const TYPING_MS = 120;
const FOUND = 6;

/** What the server knows by what is typed in the palette: scripts by path, runs by script or the beginning of their id. */
export class PaletteSearch {
  scripts = $state.raw<readonly Script[]>([]);
  runs = $state.raw<readonly RunSummary[]>([]);
  error = $state.raw<ApiError | null>(null);
  busy = $state(false);

  /** Looks `q` up once the typing rests; the answer stops it. Made for `$effect`. */
  look(q: string): () => void {
    const stop = new AbortController();
    this.busy = q !== '';
    if (q === '') this.scripts = this.runs = [];
    const timer = setTimeout(() => {
      if (q !== '') void this.#fetch(q, stop.signal);
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }

  async #fetch(q: string, signal: AbortSignal): Promise<void> {
    try {
      const [scripts, runs] = await Promise.all([
        searchScripts({ q, limit: FOUND }, signal),
        listRuns({ q, limit: FOUND }, signal),
      ]);
      this.scripts = scripts.items;
      this.runs = runs.items;
      this.error = null;
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      this.error = asApiError(error);
      this.scripts = this.runs = [];
    }
    if (!signal.aborted) this.busy = false;
  }
}
