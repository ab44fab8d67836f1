import type { Logger } from '@das/core/logging/logger';
import type { Database } from '@das/core/mongo/database';
import type { AttemptDocument } from '@das/core/mongo/documents';
import type { RunStore } from '@das/core/mongo/run-store';
import { readScriptStats } from '@das/core/mongo/script-stats';
import { sightingsIn } from '@das/core/spark/observe-output';
import { askApplicationId } from '@das/core/spark/spark-ui';
import type { Hold } from './hold.ts';
import { ProgressNotes } from './progress-notes.ts';

/** How long the Spark UI is asked for the application's id. */
const ASK_MS = 20_000;
const UI_HOST = '127.0.0.1';
/** Runs of a script that say what it usually takes. */
const HISTORY = 20;

/**
 * What becomes known of an attempt while it runs (it runs, its application, its UI), written into the run in that
 * order. What cannot be written is left out: the attempt goes on.
 */
export class AttemptNotes {
  readonly #stores: { db: Database; runs: RunStore };
  readonly #hold: Hold;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  readonly #progress: ProgressNotes;
  #last: Promise<unknown> = Promise.resolve();
  #running = false;
  #stopping = false;

  constructor(stores: { db: Database; runs: RunStore }, script: string, hold: Hold, log: Logger) {
    this.#stores = stores;
    this.#hold = hold;
    this.#log = log;
    this.#progress = new ProgressNotes({
      write: (progress) => this.#note({ progress }),
      usualMs: async () => (await readScriptStats(stores.db, script, HISTORY)).p50Ms,
      log,
    });
  }

  /** The first output of the script, or its application: it runs. */
  running(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#note({ phase: 'running', runningAt: this.#stores.db.clock.now() });
  }

  /** A line of spark-submit's own stderr: the only place whose application id and UI address are believed. */
  sparkLine(line: string): void {
    for (const sighting of sightingsIn(line, UI_HOST)) {
      this.running();
      if (sighting.kind === 'application') void this.#note({ sparkAppId: sighting.id });
      else this.#ui(sighting.url);
    }
    this.#progress.line(line);
  }

  /** Its processes are told to end; those that live on after `graceMs` are killed. */
  stopping(graceMs: number): void {
    if (this.#stopping) return;
    this.#stopping = true;
    const signalledAt = this.#stores.db.clock.now();
    void this.#note({ stopping: { signalledAt, killAt: new Date(signalledAt.getTime() + graceMs) } });
  }

  finishing(logSize: number): void {
    void this.#note({ phase: 'finishing', logSize });
  }

  /** Resolves when all is written. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#progress.close();
    await this.#last;
  }

  #ui(trackingUrl: string): void {
    void this.#note({ trackingUrl });
    void askApplicationId(trackingUrl, { deadlineMs: ASK_MS, signal: this.#closing.signal }).then((id) => {
      if (!id) return;
      void this.#note({ sparkAppId: id });
      this.#progress.application(trackingUrl, id);
    });
  }

  /** Resolves when it is written, or could not be. */
  #note(set: Partial<AttemptDocument>): Promise<unknown> {
    const { runId, fencingToken, attempt } = this.#hold;
    return (this.#last = this.#last
      .then(() => this.#stores.runs.noteAttempt({ runId, fencingToken, n: attempt }, set))
      .catch((error: unknown) => this.#log.warn({ error }, 'what became known of the attempt could not be written')));
  }
}
