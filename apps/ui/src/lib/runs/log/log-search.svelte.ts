import { asApiError, isAbort, type ApiError } from '../../api/error.ts';
import { searchLog } from '../../api/logs.ts';
import type { LogFollower } from './log-follower.svelte.ts';

/** Places that are remembered: who finds more looks for something else. */
const MOST_MATCHES = 20_000;
const TYPING_MS = 250;

/** A text looked for in the whole log, by the server, piece by piece; and which of its places one is at. */
export class LogSearch {
  text = $state('');
  /** Numbers of the lines that hold the text. */
  lines = $state.raw<readonly number[]>([]);
  /** Index of the one that is shown; -1: none yet. */
  at = $state(-1);
  searching = $state(false);
  /** 0 to 1. */
  share = $state(0);
  /** What `lines` is the answer to; null: nothing was looked for. */
  found = $state<string | null>(null);
  error = $state.raw<ApiError | null>(null);
  readonly #log: LogFollower;
  /** Where the reader was: the first place shown lies after it. */
  readonly #here: () => number;
  #stop = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Size of the log when it was searched to its end. */
  #searchedSize = 0;

  constructor(log: LogFollower, here: () => number) {
    this.#log = log;
    this.#here = here;
  }

  get line(): number | null {
    return this.lines[this.at] ?? null;
  }

  /** There are more places than are remembered. */
  get isFull(): boolean {
    return this.lines.length >= MOST_MATCHES;
  }

  /** The text was changed. */
  typed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.begin(), TYPING_MS);
  }

  clear(): void {
    this.text = '';
    void this.begin();
  }

  /** Ends what runs and looks for the text as it is now. */
  async begin(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stop.abort();
    const { signal } = (this.#stop = new AbortController());
    const text = this.text.startsWith(':') ? '' : this.text;
    Object.assign(this, { lines: [], at: -1, share: 0, error: null, found: text || null, searching: text !== '' });
    if (text === '') return;
    try {
      await this.#read(text, this.#here(), signal);
    } catch (error) {
      if (!signal.aborted && !isAbort(error)) this.error = asApiError(error);
    } finally {
      if (!signal.aborted) this.searching = false;
    }
    if (!signal.aborted && this.at < 0) this.#show(0);
  }

  /** The next place (or the one before), around the ends. `:123` goes to a line. */
  step(by: 1 | -1): void {
    const line = /^:(\d{1,15})$/.exec(this.text)?.[1];
    if (line) void this.#log.toLine(Math.max(1, Number(line)));
    else if (this.text !== (this.found ?? '')) void this.begin();
    else if (by === 1 && this.at === this.lines.length - 1 && !this.searching && this.#log.size > this.#searchedSize)
      void this.begin();
    else if (this.lines.length > 0)
      this.#show((Math.max(this.at, by === 1 ? -1 : 0) + by + this.lines.length) % this.lines.length);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#stop.abort();
  }

  async #read(text: string, here: number, signal: AbortSignal): Promise<void> {
    let cursor: string | null = null;
    do {
      const { runId, attempt, chosen } = this.#log;
      const answer = await searchLog(runId, attempt, { ...chosen, q: text, cursor }, signal);
      if (signal.aborted) return;
      const last = this.lines.at(-1);
      const found = answer.items
        .map(({ line }) => line)
        .filter((line, index, all) => line !== (all[index - 1] ?? last));
      this.lines = [...this.lines, ...found].slice(0, MOST_MATCHES);
      this.share = answer.size > 0 ? answer.searchedTo / answer.size : 1;
      this.#searchedSize = answer.size;
      const first = this.lines.findIndex((line) => line >= here);
      if (this.at < 0 && first >= 0) this.#show(first);
      cursor = answer.nextCursor;
    } while (cursor && !this.isFull);
  }

  #show(index: number): void {
    const line = this.lines[index];
    if (line === undefined) return;
    this.at = index;
    void this.#log.toLine(line);
  }
}
