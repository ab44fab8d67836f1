import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@das/core/logging/logger';
import type { LeaseStore } from '@das/core/mongo/lease-store';
import type { Hold, StopReason } from './hold.ts';
import { monotonicMs } from './supervisor.ts';

/**
 * Renews the leases of everything this worker runs, all in one call, four times before they could end; and learns
 * from the answer what was cancelled meanwhile and what is no longer its own.
 */
export class LeaseKeeper {
  readonly #leases: LeaseStore;
  readonly #intervalMs: number;
  readonly #log: Logger;
  readonly #holds = new Map<string, Hold>();
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  /** Since everything was stopped: what is added later is stopped, too. */
  #all: StopReason | null = null;

  constructor(leases: LeaseStore, leaseMs: number, log: Logger) {
    this.#leases = leases;
    this.#intervalMs = Math.max(100, (leaseMs - 3000) / 4);
    this.#log = log;
    this.#ended = this.#run();
  }

  /** The runs that have a place: processes of them may live. */
  get running(): string[] {
    return [...this.#holds.values()].filter(({ finishing }) => !finishing).map(({ runId }) => runId);
  }

  /** Whether that very attempt is driven here already. */
  drives(runId: string, fencingToken: number): boolean {
    return this.#holds.get(runId)?.fencingToken === fencingToken;
  }

  add(hold: Hold): void {
    this.#holds.set(hold.runId, hold);
    if (this.#all) hold.stop(this.#all);
  }

  remove(hold: Hold): void {
    if (this.#holds.get(hold.runId) === hold) this.#holds.delete(hold.runId);
    hold.close();
  }

  /** Stops one run, if it is run here. */
  stop(runId: string, reason: StopReason): void {
    this.#holds.get(runId)?.stop(reason);
  }

  /** For good: the worker ends. */
  stopAll(reason: StopReason): void {
    this.#all = reason;
    for (const hold of this.#holds.values()) hold.stop(reason);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await sleep(this.#intervalMs, undefined, { signal }).catch(() => undefined);
      await this.#renew().catch((error: unknown) => this.#log.warn({ error }, 'leases could not be renewed'));
    }
  }

  async #renew(): Promise<void> {
    const holds = [...this.#holds.values()];
    if (holds.length === 0) return;
    const sentAt = monotonicMs();
    const renewals = await this.#leases.renew(holds);
    for (const hold of holds) {
      const renewal = renewals.get(hold.runId);
      if (!renewal?.held) {
        if (this.#holds.get(hold.runId) === hold) hold.stop('superseded');
        continue;
      }
      hold.renewed(sentAt);
      if (renewal.state === 'cancelling') hold.stop('cancel');
    }
  }
}
