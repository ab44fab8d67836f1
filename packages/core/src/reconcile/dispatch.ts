import type { Filter } from 'mongodb';
import type { Logger } from '../logging/logger.ts';
import type { Database } from '../mongo/database.ts';
import type { RunDocument } from '../mongo/documents.ts';
import { translateMongoErrors } from '../mongo/errors.ts';
import { freshBases } from '../mongo/fair-share-store.ts';
import type { RunStore } from '../mongo/run-store.ts';
import type { Enqueued, RunQueue } from '../queue/run-queue.ts';
import { LostJobs } from './lost-jobs.ts';
import { batches, NEEDED } from './waiting-runs.ts';

/** A job that has been taken and whose run still waits after this time is in the hands of a worker that is gone. */
const STUCK_MS = 10_000;

/** What should have a job. */
const WAITING: Filter<RunDocument> = { state: { $in: ['queued', 'retrying'] } };

/** Sees to it that every run that should have a job in Redis has one. Redis may lose everything at any time. */
export class Dispatch {
  readonly #db: Database;
  readonly #runs: RunStore;
  readonly #queue: RunQueue;
  readonly #log: Logger;
  readonly #lost: LostJobs;
  /** Since when (monotonic) a job has been in some worker's hands while its run waits. */
  #taken = new Map<string, number>();

  constructor(options: { db: Database; runs: RunStore; queue: RunQueue; log: Logger }) {
    this.#db = options.db;
    this.#runs = options.runs;
    this.#queue = options.queue;
    this.#log = options.log;
    this.#lost = new LostJobs(options);
  }

  /** One look. False: Redis does not answer here; what could not be enqueued is found again at the next look. */
  async round(slow: boolean): Promise<boolean> {
    const emptied = await this.#queue.emptied().catch(() => undefined);
    if (emptied === undefined) return false;
    if (emptied !== null) {
      await this.#fill(emptied);
      return true;
    }
    await this.#enqueueRefused();
    await this.#replaceTaken();
    if (slow) await this.#countFromBases();
    await this.#lost.look(slow);
    return true;
  }

  /** Whoever does not get to the end of it leaves Redis as emptied as it was: it is begun again at the next look. */
  async #fill(emptied: string): Promise<void> {
    this.#lost.forget();
    await this.#countFromBases();
    const { enqueued, all } = await this.#enqueueWhatLacksAJob();
    if (enqueued > 0) this.#log.warn({ runs: enqueued }, 'Redis was emptied: what waits has been enqueued again');
    if (all) await this.#queue.filled(emptied);
  }

  /** Redis counts each class from the base that MongoDB says; where it did not, what waits gets its priority anew. */
  async #countFromBases(): Promise<void> {
    for (const { priorityClass, base } of await freshBases(this.#db)) {
      if ((await this.#queue.base(priorityClass)) === base) continue;
      // Before it is noted, so that a crash leaves it to be done again; and after, for what came meanwhile.
      await this.#rebase(priorityClass, base);
      await this.#queue.setBase(priorityClass, base);
      await this.#rebase(priorityClass, base);
      this.#log.info({ priorityClass, base }, 'the fair queue is counted from a new base');
    }
  }

  async #rebase(priorityClass: number, base: number): Promise<void> {
    const waiting: Filter<RunDocument> = { ...WAITING, 'order.class': priorityClass };
    for await (const batch of batches(this.#db, waiting)) await this.#queue.rebase(batch, base);
  }

  /** A worker that dies between taking a job and claiming its run leaves the job in its hands until BullMQ's lock ends. */
  async #replaceTaken(): Promise<void> {
    const active = await this.#queue.active();
    const waiting = await translateMongoErrors(() =>
      this.#db.runs
        .find({ ...WAITING, _id: { $in: active.map(({ runId }) => runId) } })
        .project<Enqueued & Pick<RunDocument, 'state'>>({ ...NEEDED, state: 1 })
        .toArray(),
    );
    const before = this.#taken;
    this.#taken = new Map();
    const now = performance.now();
    for (const run of waiting) {
      if (!active.some(({ runId, epoch }) => runId === run._id && epoch === run.epoch)) continue;
      const since = before.get(run._id) ?? now;
      if (now - since < STUCK_MS) this.#taken.set(run._id, since);
      else await this.#replace(run);
    }
  }

  async #replace(run: Enqueued & Pick<RunDocument, 'state'>): Promise<void> {
    const reason = 'its job was taken by a worker that did nothing about it: enqueued anew';
    const renewed = await this.#runs.renewEpoch(run, reason);
    if (!renewed) return;
    await this.#queue.enqueue([renewed], 5000);
    this.#log.warn({ runId: run._id }, reason);
  }

  /** Runs that were accepted while Redis was away. */
  async #enqueueRefused(): Promise<void> {
    const refused: Filter<RunDocument> = { state: 'queued', 'waiting.reason': 'queue_unavailable' };
    for await (const batch of batches(this.#db, refused)) {
      if (!(await this.#queue.enqueue(batch, 5000))) return;
      await this.#runs.noteWaiting(idsOf(batch), null);
      this.#log.info({ runs: batch.length }, 'Redis is back: enqueued what was accepted meanwhile');
    }
  }

  /** `all`: Redis has taken everything. */
  async #enqueueWhatLacksAJob(): Promise<{ enqueued: number; all: boolean }> {
    let enqueued = 0;
    for await (const batch of batches(this.#db, WAITING)) {
      const missing = await this.#queue.missing(batch);
      if (!(await this.#queue.enqueue(missing, 5000))) return { enqueued, all: false };
      await this.#runs.noteDispatch(idsOf(missing), 'Redis was emptied: enqueued again');
      enqueued += missing.length;
    }
    return { enqueued, all: true };
  }
}

function idsOf(runs: readonly Enqueued[]): string[] {
  return runs.map(({ _id }) => _id);
}
