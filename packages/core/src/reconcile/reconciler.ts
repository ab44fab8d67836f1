import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../logging/logger.ts';
import type { Database } from '../mongo/database.ts';
import type { Hold, LeaseStore } from '../mongo/lease-store.ts';
import { isDatabaseAway } from '../mongo/errors.ts';
import { Lock } from '../mongo/lock.ts';
import type { RunDocument } from '../mongo/documents.ts';
import { mendConsequences } from '../mongo/run-consequences.ts';
import type { RunStore } from '../mongo/run-store.ts';
import { closeMinutes, firstTurn } from '../mongo/run-tally-closing.ts';
import type { RunQueue } from '../queue/run-queue.ts';
import { declareLost, declareUnheld } from './declare-loss.ts';
import { Dispatch } from './dispatch.ts';
import { removeOldRuns } from './retention.ts';

export type ReconcilerOptions = {
  db: Database;
  runs: RunStore;
  leases: LeaseStore;
  queue: RunQueue;
  /** Who this is, for the lock. */
  owner: string;
  leaseMs: number;
  intervalMs: number;
  maxLosses: number;
  /** Null: runs are kept for ever. */
  retentionDays: number | null;
  log: Logger;
};

/** How often what is cheap to leave for a while is looked at. */
const SLOW_MS = 10_000;
/** Redis is waited for so long at the start. */
const CONNECT_MS = 3000;

/**
 * Brings every stuck case forward by itself. Every process of DAS runs one, a lock in MongoDB lets one work:
 * - a lease is over → its run is lost, and handed on (declare-loss.ts)
 * - Redis was emptied, or a run that should have a job has none → it is enqueued (dispatch.ts)
 * - a script or a launch missed the end of its run → mended (run-consequences.ts)
 * - minutes whose runs have all ended are tallied (run-tally-closing.ts)
 * Nothing is declared lost until MongoDB has answered for one whole lease: workers could not renew either.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #lock: Lock;
  readonly #dispatch: Dispatch;
  readonly #openMinutes = firstTurn();
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  /** Monotonic; null while MongoDB is away. */
  #healthySince: number | null = null;
  #lastSlow = 0;
  /** Monotonic; until then another process may lead, one that reaches Redis. */
  #abstainsUntil = 0;
  #said = '';
  #reachesRedis = true;
  /** By run and token (monotonic). */
  #unleasedSince = new Map<string, number>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#lock = new Lock(options.db, 'reconciler', options.owner, Math.max(3 * options.intervalMs, 3000));
    this.#dispatch = new Dispatch(options);
    this.#ended = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#ended;
    await this.#lock.release().catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    // What has only just begun to connect is not away.
    await this.#options.queue.tried(AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)]));
    while (!signal.aborted) {
      try {
        const abstains = performance.now() < this.#abstainsUntil;
        const leads = abstains ? (await this.#options.db.ping(), false) : await this.#lock.acquire();
        this.#healthySince ??= performance.now();
        if (leads) await this.#round();
        this.#said = '';
      } catch (error) {
        if (isDatabaseAway(error)) this.#healthySince = null;
        this.#say(error);
      }
      await sleep(this.#options.intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** The same trouble is said once, not every two seconds. */
  #say(error: unknown): void {
    const { message } = error as Error;
    if (message !== this.#said)
      this.#options.log.warn({ error }, 'the reconciler could not finish its round and tries again');
    this.#said = message;
  }

  async #round(): Promise<void> {
    const settled = this.#healthySince !== null && performance.now() - this.#healthySince >= this.#options.leaseMs;
    const slow = performance.now() - this.#lastSlow >= SLOW_MS;
    if (settled) await this.#declareLosses(slow);
    if (slow) {
      this.#lastSlow = performance.now();
      await this.#options.db.clock.synchronise();
      const mended = await mendConsequences(this.#options.db);
      if (mended > 0) this.#options.log.info({ mended }, 'scripts and launches brought in line with their runs');
    }
    const reachesRedis = await this.#dispatch.round(slow);
    this.#tellOfRedis(reachesRedis);
    if (!reachesRedis) await this.#stepBack();
    if (!slow) return;
    await this.#removeOld();
    await closeMinutes(this.#options.db, this.#openMinutes);
  }

  /** A connection says when it breaks; that Redis is there and does not answer, nobody else would say. */
  #tellOfRedis(reaches: boolean): void {
    if (reaches === this.#reachesRedis) return;
    this.#reachesRedis = reaches;
    if (reaches) this.#options.log.info('Redis answers again');
    else this.#options.log.warn('Redis does not answer: runs are accepted, and start once it does');
  }

  /** Redis may be away for this process only. */
  async #stepBack(): Promise<void> {
    await this.#lock.release();
    this.#abstainsUntil = performance.now() + 2.5 * this.#options.intervalMs;
  }

  async #removeOld(): Promise<void> {
    const { db, retentionDays, log } = this.#options;
    if (retentionDays === null) return;
    const removed = await removeOldRuns(db, retentionDays);
    if (removed > 0) log.info({ removed, retentionDays }, 'removed runs that ended long ago');
  }

  async #declareLosses(slow: boolean): Promise<void> {
    const { leases, queue } = this.#options;
    const lost: RunDocument[] = [];
    for (const hold of await leases.expired(200)) lost.push(...(await this.#declare(hold, declareLost)));
    const looks = slow || this.#unleasedSince.size > 0;
    for (const hold of looks ? await this.#unleasedForLong() : [])
      lost.push(...(await this.#declare(hold, declareUnheld)));
    // What Redis does not take is found by the dispatch, once it is overdue.
    await queue.enqueue(lost.filter(({ state }) => state === 'retrying'), 2000); // prettier-ignore
  }

  /**
   * Runs without a lease, once they have been seen so for one lease: whoever revoked it got no further; or it was lost with a primary,
   * and then its holder may drive on until it would have run out.
   */
  async #unleasedForLong(): Promise<(Hold & { workerId: string })[]> {
    const now = performance.now();
    const before = this.#unleasedSince;
    const unleased = await this.#options.leases.unleased();
    const nameOf = ({ runId, fencingToken }: Hold) => `${runId} ${fencingToken}`;
    this.#unleasedSince = new Map(unleased.map((hold) => [nameOf(hold), before.get(nameOf(hold)) ?? now]));
    return unleased.filter((hold) => now - (before.get(nameOf(hold)) ?? now) >= this.#options.leaseMs);
  }

  /** One that cannot be declared holds up nobody else. */
  async #declare(hold: Hold & { workerId: string }, how: typeof declareLost): Promise<RunDocument[]> {
    const { maxLosses, log } = this.#options;
    try {
      const run = await how(this.#options, hold, maxLosses);
      if (!run) return [];
      const told = { runId: hold.runId, attempt: run.attemptCount, worker: hold.workerId };
      log.warn(told, `the lease is over: the run is ${run.state}`);
      return [run];
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      log.error({ error, runId: hold.runId }, 'a loss could not be declared');
      return [];
    }
  }
}
