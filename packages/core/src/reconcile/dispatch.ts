import type { Filter } from 'mongodb';
import type { Logger } from '../logging/logger.ts';
import type { Database } from '../mongo/database.ts';
import type { RunDocument } from '../mongo/documents.ts';
import { translateMongoErrors } from '../mongo/errors.ts';
import { freshBases } from '../mongo/fair-share-store.ts';
import type { RunStore } from '../mongo/run-store.ts';
import type { Enqueued, RunQueue } from '../queue/run-queue.ts';

const BATCH = 500;
/** A run that waits this long after its time is looked for in Redis. */
const OVERDUE_MS = 2_000;
/** Runs looked for in one round, and how long one is then left in peace. */
const PROBES = 5_000;
const PROBED_MS = 30_000;
/** A job that has been taken and whose run still waits after this time is in the hands of a worker that is gone. */
const STUCK_MS = 10_000;

const NEEDED = { epoch: 1, retries: 1, failures: 1, order: 1, nextAttemptAt: 1 } as const;

/** Sees to it that every run that should have a job in Redis has one. Redis may lose everything at any time. */
export class Dispatch {
  readonly #db: Database;
  readonly #runs: RunStore;
  readonly #queue: RunQueue;
  readonly #log: Logger;
  /** When a run was last found to have its job (monotonic). */
  readonly #probed = new Map<string, number>();
  /** Since when (monotonic) a job has been in some worker's hands while its run waits. */
  #taken = new Map<string, number>();

  constructor(options: { db: Database; runs: RunStore; queue: RunQueue; log: Logger }) {
    this.#db = options.db;
    this.#runs = options.runs;
    this.#queue = options.queue;
    this.#log = options.log;
  }

  /** One look. False: Redis does not answer here; what could not be enqueued is found again at the next look. */
  async round(slow: boolean): Promise<boolean> {
    const flushed = await this.#queue.wasFlushed().catch(() => null);
    if (flushed === null) return false;
    if (flushed) {
      this.#probed.clear();
      await this.#countFromBases();
      const enqueued = await this.#enqueueWhatLacksAJob({ state: { $in: ['queued', 'retrying'] } });
      if (enqueued > 0) this.#log.warn({ runs: enqueued }, 'Redis was emptied: what waits has been enqueued again');
      return true;
    }
    await this.#enqueueRefused();
    await this.#replaceTaken();
    const due = new Date(this.#db.clock.now().getTime() - OVERDUE_MS);
    await this.#probe({ state: 'retrying', nextAttemptAt: { $lt: due } });
    if (slow) await this.#countFromBases();
    if (slow) await this.#probe({ state: 'queued', createdAt: { $lt: due } });
    return true;
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
    const waiting: Filter<RunDocument> = { state: { $in: ['queued', 'retrying'] }, 'order.class': priorityClass };
    for await (const batch of this.#batches(waiting, Infinity)) await this.#queue.rebase(batch, base);
  }

  /** A worker that dies between taking a job and claiming its run leaves the job in its hands until BullMQ's lock ends. */
  async #replaceTaken(): Promise<void> {
    const active = await this.#queue.active();
    const waiting = await translateMongoErrors(() =>
      this.#db.runs
        .find({ _id: { $in: active.map(({ runId }) => runId) }, state: { $in: ['queued', 'retrying'] } })
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
    for await (const batch of this.#batches(refused, Infinity)) {
      if (!(await this.#queue.enqueue(batch, 5000))) return;
      await this.#runs.noteWaiting(idsOf(batch), null);
      this.#log.info({ runs: batch.length }, 'Redis is back: enqueued what was accepted meanwhile');
    }
  }

  async #enqueueWhatLacksAJob(filter: Filter<RunDocument>): Promise<number> {
    let enqueued = 0;
    for await (const batch of this.#batches(filter, Infinity)) {
      const missing = await this.#queue.missing(batch);
      if (!(await this.#queue.enqueue(missing, 5000))) return enqueued;
      await this.#runs.noteDispatch(idsOf(missing), 'Redis was emptied: enqueued again');
      enqueued += missing.length;
    }
    return enqueued;
  }

  async #probe(filter: Filter<RunDocument>): Promise<void> {
    const now = performance.now();
    for (const [id, at] of this.#probed) if (now - at > PROBED_MS) this.#probed.delete(id);
    for await (const batch of this.#batches(filter, PROBES)) {
      const unknown = batch.filter(({ _id }) => !this.#probed.has(_id));
      const missing = await this.#queue.missing(unknown);
      if (!(await this.#queue.enqueue(missing, 5000))) return;
      for (const { _id } of unknown) this.#probed.set(_id, now);
      if (missing.length > 0) await this.#runs.noteDispatch(idsOf(missing), 'it had no job in Redis: enqueued');
      for (const { _id } of missing) this.#log.warn({ runId: _id }, 'the run had no job in Redis: enqueued');
      for (const run of await this.#queue.delayed(unknown.filter((run) => !missing.includes(run)))) {
        if (await this.#queue.promote(run))
          this.#log.warn(
            { runId: run._id },
            'its time has come and its job still waited (no worker was there, a clock is ahead, or Redis was slow): let go',
          );
      }
    }
  }

  async *#batches(filter: Filter<RunDocument>, most: number): AsyncGenerator<Enqueued[]> {
    let after = '';
    for (let seen = 0; seen < most; seen += BATCH) {
      const batch = await translateMongoErrors(() =>
        this.#db.runs
          .find({ $and: [filter, { _id: { $gt: after } }] })
          .sort({ _id: 1 })
          .limit(BATCH)
          .project<Enqueued>(NEEDED)
          .toArray(),
      );
      if (batch.length > 0) yield batch;
      const last = batch.at(-1);
      if (!last || batch.length < BATCH) return;
      after = last._id;
    }
  }
}

function idsOf(runs: readonly Enqueued[]): string[] {
  return runs.map(({ _id }) => _id);
}
