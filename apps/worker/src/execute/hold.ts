import { monotonicMs } from './supervisor.ts';

/**
 * Why an attempt is ended from outside.
 * cancel: asked for · timeout: its own limit · drain: the worker stops · superseded: somebody else holds the run ·
 * unrenewed: MongoDB did not confirm the lease in time · disk_full: no room for its output
 */
export type StopReason = 'cancel' | 'timeout' | 'drain' | 'superseded' | 'unrenewed' | 'disk_full';

/** The lease is given up this long before it ends, so that everything is dead by then. */
const SAFETY_MS = 3000;

/**
 * One run that this worker holds while it executes an attempt: until when (every confirmed renewal moves that),
 * and whether it has been told to stop. The first reason to stop wins, but `superseded` overrides all: who no
 * longer holds a run writes nothing about it.
 */
export class Hold {
  readonly runId: string;
  readonly attempt: number;
  readonly fencingToken: number;
  readonly #leaseMs: number;
  readonly #stopping = new AbortController();
  readonly #listeners = new Set<() => void>();
  /** Its place is somebody else's: what is left is to write down what is known. */
  finishing = false;
  #deadline: number;
  #timer: NodeJS.Timeout;
  #reason: StopReason | null = null;

  /** `sentAt`: monotonic time before the claim was sent, which is when the lease can have begun at the earliest. */
  constructor(run: { runId: string; attempt: number; fencingToken: number }, leaseMs: number, sentAt: number) {
    this.runId = run.runId;
    this.attempt = run.attempt;
    this.fencingToken = run.fencingToken;
    this.#leaseMs = leaseMs;
    this.#deadline = sentAt + leaseMs - SAFETY_MS;
    this.#timer = this.#arm();
  }

  /** Monotonic milliseconds at which every process of the attempt has to be dead. */
  get deadline(): number {
    return this.#deadline;
  }

  get reason(): StopReason | null {
    return this.#reason;
  }

  /** Aborted when the attempt has to end. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** A renewal sent at `sentAt` was confirmed. */
  renewed(sentAt: number): void {
    this.#deadline = Math.max(this.#deadline, sentAt + this.#leaseMs - SAFETY_MS);
    clearTimeout(this.#timer);
    this.#timer = this.#arm();
    for (const listener of this.#listeners) listener();
  }

  stop(reason: StopReason): void {
    if (this.#reason === null || reason === 'superseded') this.#reason = reason;
    this.#stopping.abort(new AttemptStopped(this.#reason));
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` at every change of deadline or reason; returns its end. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  #arm(): NodeJS.Timeout {
    return setTimeout(() => this.stop('unrenewed'), Math.max(0, this.#deadline - monotonicMs()));
  }
}

/** What an aborted step of an attempt throws. */
export class AttemptStopped extends Error {
  override name = 'AttemptStopped';
  readonly reason: StopReason;
  constructor(reason: StopReason) {
    super(`the attempt was stopped: ${reason}`);
    this.reason = reason;
  }
}
