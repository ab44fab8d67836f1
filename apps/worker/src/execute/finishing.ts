import { Turns } from '@das/core/domain/turns';
import type { Logger } from '@das/core/logging/logger';
import type { Hold } from './hold.ts';

/** An end takes some 10 ms; what takes longer waits for something else (a long log for MongoDB, say). */
const TURN_MS = 50;

/**
 * Attempts whose script has completed and of which no process lives, while their log and their end are still being written. Their places
 * are others' by then: a log that waits for MongoDB holds up no run. As many as there are places at most; the next one keeps its own.
 */
export class Finishing {
  readonly #most: number;
  readonly #log: Logger;
  readonly #attempts = new Set<Promise<unknown>>();
  /** What ended at once ends one after the other: side by side they would all be late, and so would the next starts. */
  readonly #turns = new Turns(1, { longestMs: TURN_MS });

  constructor(most: number, log: Logger) {
    this.#most = most;
    this.#log = log;
  }

  /** Resolves when an end may be written. */
  turn(): Promise<Disposable> {
    return this.#turns.take();
  }

  get size(): number {
    return this.#attempts.size;
  }

  /** Without it an attempt keeps its place until its end is written. */
  get hasRoom(): boolean {
    return this.#attempts.size < this.#most;
  }

  /**
   * Its place is given back before `driven` has ended. Should a completed script be lost after all (its log could not be kept), the run has no
   * job any more, and the reconciler enqueues it.
   */
  takeOver(hold: Hold, driven: Promise<unknown>): void {
    hold.finishing = true;
    const onError = (error: unknown) =>
      this.#log.error({ error, runId: hold.runId }, 'the end of the run could not be written');
    const tried = driven.catch(onError).finally(() => this.#attempts.delete(tried));
    this.#attempts.add(tried);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#attempts);
  }
}
