import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@das/core/logging/logger';
import type { Database } from '@das/core/mongo/database';
import type { AttemptDocument } from '@das/core/mongo/documents';
import type { RunStore } from '@das/core/mongo/run-store';
import { readScriptStats } from '@das/core/mongo/script-stats';
import { Sightings } from '@das/core/spark/observe-output';
import { askApplicationId } from '@das/core/spark/spark-ui';
import type { Hold } from './hold.ts';
import { noteLogSize } from './log-size-notes.ts';
import { ProgressNotes } from './progress-notes.ts';

/**
 * The Spark UI is asked for the application's id only where a script goes on for so long: the first answer takes the driver 0.2 to 0.3 s of
 * CPU, a twentieth of a quick script. Where the id can be looked up later, as events are logged, the log tells it at once.
 */
const ASK_AFTER_MS = 5000;
/** How long it is asked then. */
const ASK_MS = 20_000;
const UI_HOST = '127.0.0.1';
/** Runs of a script that say what it usually takes. */
const HISTORY = 20;
/** What becomes known together is written together; and of a quick run, with its end. */
const GATHER_MS = 50;

/**
 * What becomes known of an attempt while it runs (it runs, its application, its UI), written into the run a moment
 * later, in that order. What cannot be written goes along with what comes next, or with the end: the attempt goes on.
 */
export class AttemptNotes {
  readonly #stores: { db: Database; runs: RunStore };
  readonly #hold: Hold;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  readonly #progress: ProgressNotes;
  readonly #sightings = new Sightings(UI_HOST);
  #application: string | undefined;
  #unwritten: Partial<AttemptDocument> = {};
  #gathering: NodeJS.Timeout | undefined;
  #writing: Promise<void> | null = null;
  /** Called when what is gathered has been written, or will be by somebody else. */
  #waiting: (() => void)[] = [];
  #running = false;
  #finishing = false;
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

  /** The supervisor has its word. */
  submitting(): void {
    void this.#note({ phase: 'submitting', submittedAt: this.#stores.db.clock.now() });
  }

  /** The first output of the script, or its application: it runs. */
  running(): void {
    if (this.#running) return;
    this.#running = true;
    const runningAt = this.#stores.db.clock.now();
    // The first output of a quick script may be read after its end.
    void this.#note(this.#finishing ? { runningAt } : { phase: 'running', runningAt });
  }

  /** A line of spark-submit's own stderr: the only place whose application id and UI address are believed. */
  sparkLine(line: string): void {
    for (const sighting of this.#sightings.in(line)) {
      this.running();
      if (sighting.kind === 'application') this.#applicationIs(sighting.id);
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

  /** Tells from now on how long the log is. */
  followLog(log: { readonly size: number }): void {
    void noteLogSize(log, (logSize) => this.#note({ logSize }), this.#closing.signal);
  }

  finishing(logSize: number): void {
    this.#finishing = true;
    void this.#note({ phase: 'finishing', logSize });
  }

  /** Nothing more is written here; resolves to what was not, for whoever writes the attempt's end. */
  async close(): Promise<Partial<AttemptDocument>> {
    this.#closing.abort();
    this.#tell();
    await this.#progress.close();
    clearTimeout(this.#gathering);
    await this.#writing;
    return this.#unwritten;
  }

  #ui(trackingUrl: string): void {
    void this.#note({ trackingUrl });
    this.#application = undefined; // of a context that was there before, if any
    void this.#applicationAt(trackingUrl);
  }

  #applicationIs(id: string): void {
    this.#application = id;
    void this.#note({ sparkAppId: id });
  }

  async #applicationAt(trackingUrl: string): Promise<void> {
    const { signal } = this.#closing;
    await sleep(ASK_AFTER_MS, undefined, { signal }).catch(() => undefined);
    if (!this.#application) {
      const id = await askApplicationId(trackingUrl, { deadlineMs: ASK_MS, signal });
      if (id) this.#applicationIs(id);
    }
    if (this.#application) this.#progress.application(trackingUrl, this.#application);
  }

  /** Resolves when it is written, could not be, or is left for the end. */
  #note(set: Partial<AttemptDocument>): Promise<void> {
    Object.assign(this.#unwritten, set);
    if (this.#closing.signal.aborted) return Promise.resolve();
    this.#gather();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #gather(): void {
    if (this.#writing || this.#closing.signal.aborted) return;
    this.#gathering ??= setTimeout(() => void (this.#writing = this.#write()), GATHER_MS);
  }

  async #write(): Promise<void> {
    const { runId, fencingToken, attempt } = this.#hold;
    const set = this.#unwritten;
    const told = this.#waiting.splice(0);
    this.#unwritten = {};
    this.#gathering = undefined;
    const written = await this.#stores.runs.noteAttempt({ runId, fencingToken, n: attempt }, set).then(
      () => true,
      (error: unknown) => this.#log.warn({ error }, 'what became known of the attempt could not be written yet'),
    );
    const hasMore = Object.keys(this.#unwritten).length > 0;
    if (!written) this.#unwritten = { ...set, ...this.#unwritten };
    this.#writing = null;
    for (const resolve of told) resolve();
    if (hasMore) this.#gather();
  }

  #tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
