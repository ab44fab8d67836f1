import { timeLeft } from '@das/core/domain/time-left';
import type { Logger } from '@das/core/logging/logger';
import type { Progress } from '@das/contracts/run';
import { askRunningJobs, JobCounts } from '@das/core/spark/running-jobs';
import { StageLog } from '@das/core/spark/stage-log';

/** At most one write in this time, whatever happens in Spark. */
const WRITE_EVERY_MS = 1000;
/** An estimate that nothing confirms grows old: it is told anew. */
const REFRESH_MS = 5000;
/** How long the log may say nothing of stages, once the application is known, before the driver's REST API is asked: that costs the driver CPU. */
const SILENT_MS = 5000;
const ASK_EVERY_MS = 2000;
/** A driver that is busy answers late; meanwhile nothing else is asked. */
const ASK_DEADLINE_MS = 10_000;
/** So many questions in a row without an answer: the UI is off, or out of reach. */
const MAX_UNANSWERED = 5;

export type ProgressOptions = {
  write: (progress: Progress) => Promise<unknown>;
  /** What the script usually takes, in ms; asked once, when Spark's first stage is known. */
  usualMs: () => Promise<number | null>;
  log: Logger;
};

/**
 * How far Spark is with an attempt: from its log, or from the driver's REST API where a script has turned the log off. Nothing
 * of it can hold the attempt up: what fails or is late is left out.
 */
export class ProgressNotes {
  readonly #options: ProgressOptions;
  readonly #stages = new StageLog();
  readonly #jobs = new JobCounts();
  readonly #startedAt = performance.now();
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #asking: NodeJS.Timeout | undefined;
  #firstAt: number | undefined;
  #usual: number | null = null;
  #changed = false;
  #writtenAt = -Infinity;
  #writing: Promise<unknown> | undefined;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** A line of spark-submit's own stderr. */
  line(line: string): void {
    if (this.#stages.read(line)) this.#note();
  }

  /** The application is known, and where its UI is. */
  application(uiUrl: string, id: string): void {
    if (this.#closing.signal.aborted || this.#stages.counts) return;
    clearTimeout(this.#asking);
    this.#asking = setTimeout(() => void this.#ask(uiUrl, id), SILENT_MS);
  }

  /** Writes what is left to write, and ends. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#timer);
    clearTimeout(this.#asking);
    await this.#writing;
    if (this.#changed) await this.#write();
  }

  async #ask(uiUrl: string, id: string, unanswered = 0): Promise<void> {
    // The log speaks after all: it is exact, and costs nothing.
    if (this.#closing.signal.aborted || this.#stages.counts) return;
    let missed = 0;
    try {
      const deadline = AbortSignal.timeout(ASK_DEADLINE_MS);
      this.#jobs.take(await askRunningJobs(uiUrl, id, AbortSignal.any([deadline, this.#closing.signal])));
      if (this.#jobs.counts) this.#note();
    } catch (error) {
      missed = unanswered + 1;
      this.#options.log.debug({ error }, 'the Spark UI was asked in vain');
    }
    if (missed < MAX_UNANSWERED && !this.#closing.signal.aborted)
      this.#asking = setTimeout(() => void this.#ask(uiUrl, id, missed), ASK_EVERY_MS);
  }

  #note(): void {
    this.#changed = true;
    if (this.#timer || this.#closing.signal.aborted) return;
    this.#firstAt = performance.now();
    this.#timer = setInterval(() => this.#tick(), WRITE_EVERY_MS);
    void this.#options.usualMs().then(
      (usual) => (this.#usual = usual),
      (error: unknown) => this.#options.log.debug({ error }, 'there is no history to estimate from'),
    );
  }

  #tick(): void {
    const stale = performance.now() - this.#writtenAt > REFRESH_MS && !this.#idle;
    if ((this.#changed || stale) && !this.#writing)
      this.#writing = this.#write().finally(() => (this.#writing = undefined));
  }

  /** Nothing runs in Spark: there is nothing to tell anew. */
  get #idle(): boolean {
    const counts = this.#counts;
    return !counts || counts.stages === counts.stagesDone;
  }

  get #counts() {
    return this.#stages.counts ?? this.#jobs.counts;
  }

  async #write(): Promise<void> {
    const counts = this.#counts;
    if (!counts) return;
    const now = performance.now();
    this.#changed = false;
    this.#writtenAt = now;
    const etaMs = timeLeft({
      ...counts,
      elapsedMs: now - this.#startedAt,
      usualMs: this.#usual,
      tasksMs: now - (this.#firstAt ?? now),
      moreToCome: this.#stages.moreToCome,
    });
    await this.#options.write({ ...counts, ...(etaMs === undefined ? {} : { etaMs }) });
  }
}
