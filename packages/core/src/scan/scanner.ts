import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '@das/contracts/limits';
import type { Hdfs } from '../hdfs/client.ts';
import { HdfsNotFound } from '../hdfs/errors.ts';
import { listScripts } from '../hdfs/walk.ts';
import type { Logger } from '../logging/logger.ts';
import type { Database } from '../mongo/database.ts';
import type { ScanDocument } from '../mongo/documents.ts';
import { Lock } from '../mongo/lock.ts';
import { ScanStore } from '../mongo/scan-store.ts';
import { ScriptStore } from '../mongo/script-store.ts';
import { compareListing } from './compare-listing.ts';

export type ScannerOptions = {
  db: Database;
  hdfs: Hdfs;
  scriptsDir: string;
  /** How often, by itself; all processes together. Milliseconds. */
  intervalMs: number;
  /** How long HDFS may take for one directory. Milliseconds. */
  deadlineMs: number;
  /** Who this is, for the lock. */
  owner: string;
  log: Logger;
};

const LOCK_MS = 30_000;
/** A scan that another process has just begun may not be stored yet. */
const JOIN_TRIES = 10;
const JOIN_WAIT_MS = 50;

/**
 * Compares the scripts directory with what is tracked: lists only, hashes nothing. One scan at a time over all processes
 * (a lock in MongoDB); whoever asks while one runs joins it.
 */
export class Scanner {
  readonly #options: ScannerOptions;
  readonly #scans: ScanStore;
  readonly #scripts: ScriptStore;
  readonly #lock: Lock;
  readonly #stopping = new AbortController();
  /** The scan of this process, while it runs. */
  #current: { begun: Promise<ScanDocument | null>; ended: Promise<void> } | null = null;
  #timed: Promise<void> = Promise.resolve();
  #said = '';

  constructor(options: ScannerOptions) {
    this.#options = options;
    this.#scans = new ScanStore(options.db);
    this.#scripts = new ScriptStore(options.db);
    this.#lock = new Lock(options.db, 'scan', options.owner, LOCK_MS);
  }

  /** Scans now and from then on every `intervalMs`. */
  start(): void {
    this.#timed = this.#scanForEver();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the process that scanned was stopped'));
    await this.#timed;
    await this.#current?.ended;
  }

  /** Begins a scan, or joins the one that is running. Throws DatabaseUnavailable. */
  async scan(): Promise<ScanDocument> {
    for (let tried = 0; tried < JOIN_TRIES; tried += 1) {
      const begun = await this.#begin();
      const running = begun ?? (await this.#scans.running());
      if (running) return running;
      await sleep(JOIN_WAIT_MS);
    }
    const newest = await this.#scans.newest();
    if (newest) return newest;
    throw new Error('another process holds the scan lock but tells of no scan');
  }

  /** Null when another process scans. */
  #begin(): Promise<ScanDocument | null> {
    if (!this.#current) {
      const begun = this.#lock.acquire().then((held) => (held ? this.#scans.begin() : null));
      const ended = begun.then(
        (scan) => scan && this.#carryOut(scan),
        () => undefined, // told to whoever awaits `begun`
      );
      this.#current = { begun, ended: ended.then(() => void (this.#current = null)) };
    }
    return this.#current.begun;
  }

  /** Never rejects. */
  async #carryOut(scan: ScanDocument): Promise<void> {
    const { log } = this.#options;
    const keeping = setInterval(() => void this.#lock.acquire().catch(() => false), LOCK_MS / 3);
    try {
      await this.#compare(scan);
      this.#said = '';
    } catch (error) {
      const message = this.#explain(error as Error);
      // The same trouble is said once, not every minute.
      if (message !== this.#said) log.warn({ scan: scan._id }, `The scan failed: ${message}`);
      this.#said = message;
      const failed = this.#scans.fail(scan, { path: this.#options.scriptsDir, message });
      await failed.catch((cause: unknown) => log.warn({ error: cause }, 'the failed scan could not be stored'));
    } finally {
      clearInterval(keeping);
      await this.#lock.release().catch(() => undefined); // it runs out by itself
    }
  }

  async #compare(scan: ScanDocument): Promise<void> {
    const { hdfs, scriptsDir, deadlineMs, log } = this.#options;
    // Known first, listed second: what is tracked in between is not taken for gone.
    const known = await this.#scripts.knownFiles();
    const { signal } = this.#stopping;
    const listing = await listScripts(hdfs, scriptsDir, { limit: LIMITS.scriptsFound, deadlineMs, signal });
    const changes = compareListing(known, listing);
    await this.#scripts.applyScan(changes, known);
    await this.#scans.finish(scan, listing.files.length, changes, listing.errors);
    const { added, changed, reappeared, missing } = changes;
    const numbers = { added: added.length, changed: changed.length + reappeared.length, missing: missing.length };
    const quiet = Object.values(numbers).every((number) => number === 0);
    log[quiet ? 'debug' : 'info'](
      { scan: scan._id, found: listing.files.length, ...numbers },
      'Scanned the scripts directory',
    );
  }

  #explain(error: Error): string {
    const { scriptsDir } = this.#options;
    if (error instanceof HdfsNotFound)
      return `${scriptsDir} does not exist in HDFS: create it, or set HDFS_SCRIPTS_DIR`;
    return error.message;
  }

  async #scanForEver(): Promise<void> {
    const { intervalMs, db, log } = this.#options;
    const { signal } = this.#stopping;
    for (let first = true; !signal.aborted; first = false) {
      try {
        const newest = first ? null : await this.#scans.newest();
        const ageMs = newest ? db.clock.now().getTime() - newest.startedAt.getTime() : Infinity;
        // Less than half an interval: another process scanned for all.
        if (ageMs > intervalMs / 2) await this.scan();
      } catch (error) {
        log.debug({ error }, 'no scan this time');
      }
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
