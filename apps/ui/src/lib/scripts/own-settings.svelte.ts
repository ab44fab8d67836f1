import type { ScriptSettings } from '@das/contracts/script';
import { getScriptSettings } from '../api/scripts.ts';

const WORDS: Partial<Record<keyof ScriptSettings, string>> = {
  args: 'arguments',
  retries: 'retries',
  timeoutMs: 'timeout',
  priority: 'priority',
  startup: 'start of Spark',
  conf: 'Spark settings',
  pyFiles: 'Python files',
  files: 'other files',
  labels: 'labels',
};

/** What is saved for one script, as its preview tells it. */
export class OwnSettings {
  readonly path: string;
  #saved = $state.raw<ScriptSettings>({});
  #loading: AbortController | null = null;

  constructor(path: string) {
    this.path = path;
  }

  readonly description = $derived.by(() => this.#saved.description ?? '');
  readonly owner = $derived.by(() => this.#saved.owner ?? '');
  /** What its runs have otherwise than by default, in words. */
  readonly set = $derived.by(() =>
    Object.entries(WORDS).flatMap(([name, word]) =>
      this.#saved[name as keyof ScriptSettings] === undefined ? [] : word,
    ),
  );

  /** Begins; the answer ends it. Made for `$effect`. */
  start(): () => void {
    void this.load();
    return () => this.#loading?.abort();
  }

  async load(): Promise<void> {
    this.#loading?.abort();
    const { signal } = (this.#loading = new AbortController());
    try {
      this.#saved = (await getScriptSettings(this.path, signal)).settings;
    } catch {
      // The preview says what is wrong; what was known of the settings stays.
    }
  }
}
