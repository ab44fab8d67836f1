import type { ScriptContent } from '@das/contracts/script';
import { SvelteMap } from 'svelte/reactivity';
import { asApiError, isAbort, type ApiError } from '../api/error.ts';
import { getContent, listVersions } from '../api/scripts.ts';

/** sha256 of what a person saw, by path: a launch names it, so that nothing else runs unnoticed. */
export const seen = new SvelteMap<string, string>();

/** One previewed file. */
export class Preview {
  readonly path: string;
  /** HDFS does not answer: what is shown is what was read last. */
  old = $state.raw<ApiError | null>(null);
  /** A stored content instead of the current one. */
  readonly sha256: string | null;
  content = $state.raw<ScriptContent | null>(null);
  error = $state.raw<ApiError | null>(null);
  loading = $state(true);
  #fetching: AbortController | null = null;

  constructor(path: string, sha256: string | null = null) {
    this.path = path;
    this.sha256 = sha256;
  }

  /** Begins; the answer ends it. Made for `$effect`. */
  start(): () => void {
    void this.load();
    return () => this.#fetching?.abort();
  }

  async load(): Promise<void> {
    this.#fetching?.abort();
    const { signal } = (this.#fetching = new AbortController());
    this.loading = true;
    try {
      this.content = await getContent(this.path, this.sha256, signal);
      this.error = null;
      this.old = null;
      if (!this.sha256) seen.set(this.path, this.content.sha256);
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      this.error = asApiError(error);
      this.content = null;
      if (this.error.code === 'hdfs_unavailable' && !this.sha256) await this.#loadOld(this.error, signal);
    }
    if (!signal.aborted) this.loading = false;
  }

  /** While HDFS is away: what was read of it last, which DAS holds and can run. */
  async #loadOld(away: ApiError, signal: AbortSignal): Promise<void> {
    try {
      const [newest] = (await listVersions(this.path, signal)).items;
      if (!newest) return;
      this.content = await getContent(this.path, newest.sha256, signal);
      seen.set(this.path, newest.sha256);
      this.old = away;
      this.error = null;
    } catch {
      // What is told already, that HDFS is away, is what matters.
    }
  }
}
