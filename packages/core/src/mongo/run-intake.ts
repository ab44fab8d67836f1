import { MongoBulkWriteError } from 'mongodb';
import { Coalescer, Failed } from '../domain/coalescer.ts';
import type { Database } from './database.ts';
import type { RunDocument } from './documents.ts';
import { DUPLICATE_KEY, translateMongoErrors } from './errors.ts';
import { reflectSubmission } from './run-consequences.ts';

/**
 * Runs that come one by one, but many at once, are stored in groups: while one group is being written (majority, journal), the next
 * one gathers. Each caller goes on when its own run is on disk, and only a run that cannot be stored itself fails.
 */
export class RunIntake {
  readonly #inserts: Coalescer<RunDocument, null>;
  readonly #reflections: Coalescer<readonly RunDocument[], null>;

  constructor(db: Database) {
    this.#inserts = new Coalescer((runs) => translateMongoErrors(() => insertEach(db, runs)));
    this.#reflections = Coalescer.whole((groups) => translateMongoErrors(() => reflectSubmission(db, groups.flat())));
  }

  /** Stores a run; one that is stored already is left as it is. Not begun once `signal` is aborted. */
  async store(run: RunDocument, signal?: AbortSignal): Promise<void> {
    await this.#inserts.add(run, signal);
  }

  /** Tells the scripts of newly stored runs that they run. */
  async reflect(runs: readonly RunDocument[]): Promise<void> {
    await this.#reflections.add(runs);
  }
}

async function insertEach(db: Database, runs: RunDocument[]): Promise<(null | Failed)[]> {
  try {
    await db.runs.insertMany(runs, { ordered: false });
    return runs.map(() => null);
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error;
    const faults = [error.writeErrors].flat();
    // What else went wrong (the journal, the connection) is of all of them.
    if (faults.length === 0 || error.result.getWriteConcernError()) throw error;
    const results: (null | Failed)[] = runs.map(() => null);
    for (const fault of faults) if (fault.code !== DUPLICATE_KEY) results[fault.index] = new Failed(fault);
    return results;
  }
}
