import type { WorkerState } from '@das/contracts/states';
import type { Database } from './database.ts';
import type { WorkerDocument } from './documents.ts';
import { translateMongoErrors } from './errors.ts';

export const HEARTBEAT_MS = 5_000;
const GONE_AFTER_MS = 3 * HEARTBEAT_MS;

/** The workers that have shown themselves within the last day. */
export class WorkerRegistry {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** A worker says that it is there, what it runs and how it is. */
  async beat(worker: Omit<WorkerDocument, 'lastSeenAt'>): Promise<void> {
    const { _id, ...rest } = worker;
    const lastSeenAt = this.#db.clock.now();
    await translateMongoErrors(() =>
      this.#db.workers.updateOne({ _id }, { $set: { ...rest, lastSeenAt } }, { upsert: true }),
    );
  }

  /** All of them, newest first; one that has been silent for 15 s is `gone`, whatever it last said. */
  async list(): Promise<WorkerDocument[]> {
    const workers = await translateMongoErrors(() => this.#db.workers.find().sort({ _id: -1 }).limit(1000).toArray());
    const now = this.#db.clock.now();
    return workers.map((worker) => ({ ...worker, state: stateNow(worker, now) }));
  }
}

/** How the workers are as a whole, for what waits for them. `resting`: none of them takes runs, as one of them says. */
export type Crew = { alive: boolean; resting: { why: string; lacksHdfs: boolean } | null };

export function crewOf(workers: readonly WorkerDocument[]): Crew {
  const alive = workers.filter(({ state }) => state !== 'gone' && state !== 'drained');
  const unwell = alive.filter(({ state }) => state === 'unhealthy');
  const [told] = unwell;
  if (!told || unwell.length < alive.length) return { alive: alive.length > 0, resting: null };
  const lacksHdfs = unwell.every((worker) => worker.lacksHdfs);
  return { alive: true, resting: { why: told.detail ?? 'They are unhealthy.', lacksHdfs } };
}

/** The state a worker is in at `now`: its own word, unless it has gone silent. */
export function stateNow(worker: WorkerDocument, now: Date): WorkerState {
  if (worker.state === 'drained') return 'drained';
  return now.getTime() - worker.lastSeenAt.getTime() > GONE_AFTER_MS ? 'gone' : worker.state;
}
