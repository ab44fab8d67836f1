import { LIMITS } from '@das/contracts/limits';
import type { Scan } from '@das/contracts/script';
import { newId } from '../domain/ids.ts';
import type { ScanChanges } from '../scan/compare-listing.ts';
import type { Database } from './database.ts';
import type { ScanDocument } from './documents.ts';

/** The scans of the scripts directory: at most one of them is running. */
export class ScanStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** For the holder of the scan lock: what still says "running" lost its process, and a new scan begins. */
  async begin(): Promise<ScanDocument> {
    const errors = [{ path: '', message: 'the process that scanned ended before the scan did' }];
    await this.#db.scans.updateMany({ state: 'running' }, { $set: { state: 'failed', errors } });
    const empty = { found: 0, added: [], changed: [], missing: [], durationMs: null, errors: [] };
    const scan: ScanDocument = { _id: newId(), state: 'running', startedAt: this.#db.clock.now(), ...empty };
    await this.#db.scans.insertOne(scan);
    return scan;
  }

  async finish(scan: ScanDocument, found: number, changes: ScanChanges, errors: ScanDocument['errors']): Promise<void> {
    const paths = (files: { path: string }[]): string[] => files.slice(0, LIMITS.scanPaths).map(({ path }) => path);
    await this.#end(scan, {
      state: 'done',
      found,
      added: paths(changes.added),
      changed: paths([...changes.changed, ...changes.reappeared]),
      missing: changes.missing.slice(0, LIMITS.scanPaths),
      errors: errors.slice(0, LIMITS.scanPaths),
    });
  }

  async fail(scan: ScanDocument, error: { path: string; message: string }): Promise<void> {
    await this.#end(scan, { state: 'failed', errors: [error] });
  }

  async #end(scan: ScanDocument, outcome: Partial<ScanDocument>): Promise<void> {
    const durationMs = Math.max(0, this.#db.clock.now().getTime() - scan.startedAt.getTime());
    await this.#db.scans.updateOne({ _id: scan._id, state: 'running' }, { $set: { ...outcome, durationMs } });
  }

  find(id: string): Promise<ScanDocument | null> {
    return this.#db.scans.findOne({ _id: id });
  }

  newest(): Promise<ScanDocument | null> {
    return this.#db.scans.findOne({}, { sort: { startedAt: -1 } });
  }

  running(): Promise<ScanDocument | null> {
    return this.#db.scans.findOne({ state: 'running' }, { sort: { startedAt: -1 } });
  }
}

export function presentScan({ _id, state, found, added, changed, missing, durationMs, errors }: ScanDocument): Scan {
  return { id: _id, state, found, added, changed, missing, durationMs, ...(errors.length > 0 ? { errors } : {}) };
}
