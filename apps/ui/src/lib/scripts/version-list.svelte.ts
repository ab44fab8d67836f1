import type { ScriptContent, ScriptVersion } from '@das/contracts/script';
import { asApiError, isAbort, type ApiError } from '../api/error.ts';
import { getContent, listVersions } from '../api/scripts.ts';

/** The contents that a script had, and one of them to compare with another. */
export class VersionList {
  readonly path: string;
  items = $state.raw<ScriptVersion[] | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** What `after` is compared with, as a person chose it. */
  #chosen = $state<string | null>(null);
  before = $state.raw<ScriptContent | null>(null);
  #ended = new AbortController();

  constructor(path: string) {
    this.path = path;
  }

  /** Made for `$effect`. */
  start(): () => void {
    this.#ended = new AbortController();
    void this.load();
    return () => this.#ended.abort();
  }

  async load(): Promise<void> {
    this.error = null;
    await this.#guard(async (signal) => void (this.items = (await listVersions(this.path, signal)).items));
  }

  /** The newest content whose last run went well: what changed since is where to look first. */
  readonly lastGood = $derived.by(() => this.items?.find(({ lastRun }) => lastRun?.state === 'completed') ?? null);

  /** What to compare `current` with: what was chosen, else what last went well, else what was there before. */
  base(current: string): ScriptVersion | null {
    const others = (this.items ?? []).filter(({ sha256 }) => sha256 !== current);
    const wanted = this.#chosen ?? (this.lastGood?.sha256 === current ? null : this.lastGood?.sha256);
    return others.find(({ sha256 }) => sha256 === wanted) ?? others[0] ?? null;
  }

  compareWith(sha256: string): void {
    this.#chosen = sha256;
  }

  /** Fetches what is compared with. */
  async read(sha256: string): Promise<void> {
    if (this.before?.sha256 === sha256) return;
    await this.#guard(async (signal) => void (this.before = await getContent(this.path, sha256, signal)));
  }

  async #guard(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#ended;
    try {
      await work(signal);
    } catch (error) {
      if (!signal.aborted && !isAbort(error)) this.error = asApiError(error);
    }
  }
}
