import type { Filter } from 'mongodb';
import { idAt } from '../domain/ids.ts';
import type { Logger } from '../logging/logger.ts';
import type { Database } from '../mongo/database.ts';
import type { RunDocument } from '../mongo/documents.ts';
import type { RunStore } from '../mongo/run-store.ts';
import type { Enqueued, RunQueue } from '../queue/run-queue.ts';
import { batches, Rotation } from './waiting-runs.ts';

/** A run that waits this long after its time is looked for in Redis. */
const OVERDUE_MS = 2_000;
/** Runs looked for in one go, and how long one is then left in peace. */
const PROBES = 5_000;
const PROBED_MS = 30_000;

/**
 * Finds the runs whose job Redis has lost, and those whose job was put off by a wrong clock. However many wait, one look is at so many of
 * them only: all have their turn. What was stored last is looked at each time, as that is what gets lost: a Redis that was killed forgets
 * its last second, an API that was killed did not get to enqueue.
 */
export class LostJobs {
  readonly #db: Database;
  readonly #runs: RunStore;
  readonly #queue: RunQueue;
  readonly #log: Logger;
  readonly #retrying: Rotation;
  readonly #queued: Rotation;
  /** When a run was last found to have the job of its attempt to come (monotonic). */
  readonly #probed = new Map<string, number>();

  constructor(options: { db: Database; runs: RunStore; queue: RunQueue; log: Logger }) {
    this.#db = options.db;
    this.#runs = options.runs;
    this.#queue = options.queue;
    this.#log = options.log;
    this.#retrying = new Rotation(options.db);
    this.#queued = new Rotation(options.db);
  }

  /** Redis was emptied: nothing is known any more. */
  forget(): void {
    this.#probed.clear();
  }

  /** One look. `slow`: at the next queued runs, too, however long they have been there. */
  async look(slow: boolean): Promise<void> {
    const now = performance.now();
    for (const [id, at] of this.#probed) if (now - at > PROBED_MS) this.#probed.delete(id);
    const due = new Date(this.#db.clock.now().getTime() - OVERDUE_MS);
    const queued: Filter<RunDocument> = { state: 'queued', createdAt: { $lt: due } };
    // Its id tells the time of a run as well, and lets the index skip those that have only just come.
    await this.#lookAtNewest({ state: 'queued', _id: { $lt: idAt(due.getTime()) } });
    await this.#lookAt(this.#retrying.stretch({ state: 'retrying', nextAttemptAt: { $lt: due } }, PROBES));
    if (slow) await this.#lookAt(this.#queued.stretch(queued, PROBES));
  }

  /** From the newest down to where a whole batch is known. */
  async #lookAtNewest(filter: Filter<RunDocument>): Promise<void> {
    for await (const batch of batches(this.#db, filter, PROBES, 'newest')) {
      if (batch.every((run) => this.#probed.has(waitOf(run)))) return;
      if (!(await this.#probe(batch))) return;
    }
  }

  async #lookAt(stretch: AsyncIterable<Enqueued[]>): Promise<void> {
    for await (const batch of stretch) if (!(await this.#probe(batch))) return;
  }

  /** False: Redis did not take what it lacks. */
  async #probe(batch: readonly Enqueued[]): Promise<boolean> {
    const now = performance.now();
    const unknown = batch.filter((run) => !this.#probed.has(waitOf(run)));
    const missing = await this.#queue.missing(unknown);
    if (!(await this.#queue.enqueue(missing, 5000))) return false;
    for (const run of unknown) this.#probed.set(waitOf(run), now);
    const ids = missing.map(({ _id }) => _id);
    if (ids.length > 0) await this.#runs.noteDispatch(ids, 'it had no job in Redis: enqueued');
    for (const runId of ids) this.#log.warn({ runId }, 'the run had no job in Redis: enqueued');
    await this.#letGo(unknown.filter((run) => !missing.includes(run)));
    return true;
  }

  async #letGo(runs: readonly Enqueued[]): Promise<void> {
    for (const run of await this.#queue.delayed(runs)) {
      if (!(await this.#queue.promote(run))) continue;
      // Most often all places are taken; else no worker is there, a clock is ahead, or Redis was slow.
      this.#log.info(
        { runId: run._id },
        'the delay before its next attempt is over and no worker has asked: put in line',
      );
    }
  }
}

/** One wait of a run: it may have ended, and begun anew, since it was looked at. */
function waitOf({ _id, epoch, nextAttemptAt }: Enqueued): string {
  return `${_id} ${epoch} ${nextAttemptAt?.getTime() ?? ''}`;
}
