import type { LogLine, LogLinesAnswer } from '@das/contracts/log';
import type { LogPiece } from '@das/contracts/socket';
import { asApiError, isAbort, type ApiError } from '../../api/error.ts';
import { getLogLines, type ChosenLines, type LinesQuery } from '../../api/logs.ts';
import { LineWindow } from './line-window.ts';

export const LOG_FILTERS = ['all', 'stdout', 'stderr', 'errors'] as const;
export type LogFilter = (typeof LOG_FILTERS)[number];

/** Lines asked for at once: a screen and more, and when the log's growth is followed. */
const PAGE = 500;
const GROWTH = 2000;
/** The least time between two looks at a growing log, in ms. */
const LOOK_MS = 250;

/**
 * The log of one attempt through a window: its end while it is followed, any part when somebody goes there. The socket says
 * that there is more; the lines come over HTTP from the last known one on, so a lost message leaves no hole.
 */
export class LogFollower {
  readonly runId: string;
  readonly attempt: number;
  items = $state.raw<readonly LogLine[]>([]);
  /** Where the window could grow (see LineWindow); null: there the log begins or ends. */
  before = $state.raw<number | null>(null);
  after = $state.raw<number | null>(null);
  /** Lines and bytes of the whole log so far, whatever is held and filtered. */
  lineCount = $state(0);
  size = $state(0);
  gapLines = $state.raw<LogLinesAnswer['gapLines']>(null);
  complete = $state(false);
  /** False until something was read. */
  isKnown = $state(false);
  filter = $state<LogFilter>('all');
  /** The reader wants to see what is written, not where they are. */
  following = $state(true);
  /** How many lines there were when it stopped following. */
  #pausedAt = $state(0);
  loading = $state<'before' | 'after' | 'place' | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** Where the reader wants to go, and how far down the view (0 to 1) that shall be; a new object each time. */
  target = $state.raw<{ line: number; share: number } | null>(null);
  readonly #window = new LineWindow();
  readonly #stop = new AbortController();
  /** Of the part that is shown: another place or filter ends its reads. */
  #place = new AbortController();
  /** The last place that was asked for. */
  #going: Promise<boolean> | null = null;
  #looking: Promise<void> | null = null;
  #lookAgain = false;
  /** Every line before it was looked at, and is held or did not fit the filter. It may have grown since. */
  #seen = 1;

  constructor(runId: string, attempt: number) {
    this.runId = runId;
    this.attempt = attempt;
    void this.toEnd();
  }

  stop(): void {
    this.#stop.abort();
    this.#place.abort();
  }

  get chosen(): ChosenLines {
    if (this.filter === 'all') return {};
    return this.filter === 'errors' ? { errors: true } : { stream: this.filter };
  }

  /** Lines written since it stopped following. */
  get newLines(): number {
    return this.following ? 0 : Math.max(0, this.lineCount - this.#pausedAt);
  }

  pause(): void {
    if (this.following) this.#pausedAt = this.lineCount;
    this.following = false;
  }

  /** The window reaches the log's end, and the reader is there. */
  resume(): void {
    this.following = true;
    void this.catchUp();
  }

  choose(filter: LogFilter): void {
    if (filter === this.filter) return;
    this.filter = filter;
    void this.toEnd();
  }

  async toEnd(): Promise<void> {
    this.following = true;
    await this.#go({ tail: PAGE });
  }

  /** Brings the line into the window and makes it the target. */
  async toLine(line: number, share = 0.3): Promise<void> {
    this.pause();
    const isHeld = this.isKnown && this.#window.holds(line);
    if (isHeld || (await this.#go({ around: line, limit: PAGE }))) this.target = { line, share };
  }

  /** The reader goes elsewhere while a place is loaded: that does not matter any more. */
  stay(): void {
    if (this.loading === 'place') this.#leave();
  }

  /** After an error: it tries again. */
  retry(): void {
    this.error = null;
    void (this.isKnown ? this.catchUp() : this.toEnd());
  }

  /** The window grows at one end, if it can and is not growing yet. */
  async more(end: 'before' | 'after'): Promise<void> {
    const line = end === 'before' ? this.before : this.after;
    if (line === null || this.loading) return;
    const query = end === 'before' ? { before: line } : { from: line };
    await this.#ask(end, { ...query, limit: PAGE }, (answer) => {
      if (end === 'before') this.#window.prepend(answer);
      else this.#append(answer, line);
      this.#show(answer);
    });
  }

  /** Looks what is new. Calls while it looks make it look once more afterwards. */
  catchUp(): Promise<void> {
    if (this.complete || this.#stop.signal.aborted) return Promise.resolve();
    this.#lookAgain = true;
    this.#looking ??= this.#look().finally(() => (this.#looking = null));
    return this.#looking;
  }

  /** A piece from the socket. */
  take(piece: LogPiece): void {
    if (piece.nextOffset <= this.size || this.complete) return;
    if (this.following) {
      void this.catchUp();
      return;
    }
    // Nobody looks at the end: it is enough to know that there is more. How many lines a part of a piece has, is asked for.
    if (piece.offset >= this.size) this.lineCount += piece.text.split('\n').length - 1;
    else void this.catchUp();
    this.size = piece.nextOffset;
    this.#window.after ??= this.#seen;
    this.after = this.#window.after;
  }

  #leave(): void {
    this.#place.abort();
    this.#place = new AbortController();
    this.loading = null;
  }

  /** Another part of the log. False: it was not got, or something else was asked for meanwhile. */
  #go(query: LinesQuery): Promise<boolean> {
    this.#leave();
    return (this.#going = this.#ask('place', query, (answer) => {
      this.#window.replace(answer);
      if (answer.nextLine === null) this.#seen = Math.max(1, answer.lines);
      this.#show(answer);
    }));
  }

  async #look(): Promise<void> {
    while (this.#lookAgain && !this.#stop.signal.aborted && !this.complete) {
      this.#lookAgain = false;
      await this.#arrived();
      if (!this.isKnown) await this.toEnd();
      else await (this.following ? this.#lookForGrowth() : this.#lookFromAfar());
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Resolves when nobody waits for another place any more. */
  async #arrived(): Promise<void> {
    for (let going: Promise<boolean> | null = null; going !== this.#going;) await (going = this.#going);
  }

  async #lookForGrowth(): Promise<void> {
    const from = this.#seen;
    await this.#ask(null, { from, limit: GROWTH }, (answer) => {
      if (!this.following) return;
      // Too far behind to read all of it: on to the end.
      if (answer.nextLine !== null) return void this.#go({ tail: PAGE });
      this.#append(answer, from);
      this.#show(answer);
    });
  }

  /** How much there is, for somebody who reads elsewhere. */
  async #lookFromAfar(): Promise<void> {
    await this.#ask(null, { tail: 1 }, (answer) => {
      if (this.following) return;
      if (answer.lines > this.lineCount) this.#window.after ??= this.#seen;
      this.#tell(answer);
    });
  }

  #append(answer: LogLinesAnswer, from: number): void {
    this.#window.append(answer, from);
    if (answer.nextLine === null) this.#seen = Math.max(this.#seen, answer.lines);
  }

  /**
   * `take` has the answer before `loading` ends: whoever sees that nothing is loaded sees the new window, too, and does not ask for
   * what follows the old one. A look at the log's growth (`loading` is null) ends no other's. False: there was no answer, or something
   * else was asked for meanwhile.
   */
  async #ask(
    loading: LogFollower['loading'],
    query: LinesQuery,
    take: (answer: LogLinesAnswer) => void,
  ): Promise<boolean> {
    const { signal } = this.#place;
    if (loading) this.loading = loading;
    try {
      const answer = await getLogLines(this.runId, this.attempt, { ...this.chosen, ...query }, signal);
      if (signal.aborted) return false;
      this.error = null;
      take(answer);
      return true;
    } catch (error) {
      if (!signal.aborted && !isAbort(error)) this.error = asApiError(error);
      return false;
    } finally {
      if (loading && !signal.aborted) this.loading = null;
    }
  }

  #show(answer: LogLinesAnswer): void {
    this.items = this.#window.items;
    this.#tell(answer);
  }

  #tell({ lines, size, gapLines, complete }: LogLinesAnswer): void {
    this.before = this.#window.before;
    this.after = this.#window.after;
    this.lineCount = Math.max(this.lineCount, lines);
    // What was written before one came is nothing new.
    if (!this.isKnown) this.#pausedAt = lines;
    this.size = Math.max(this.size, size);
    this.gapLines = gapLines;
    // All of it is known only when this very answer reached the end.
    this.complete = complete && (this.#window.after === null || !this.following);
    this.isKnown = true;
  }
}
