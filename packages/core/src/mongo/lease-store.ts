import type { RunState } from '@das/contracts/states';
import { Coalescer } from '../domain/coalescer.ts';
import type { Database } from './database.ts';
import { isDuplicateKey, translateMongoErrors } from './errors.ts';

export type Hold = { runId: string; fencingToken: number };
export type Renewal = { held: boolean; state: RunState | null };

/** How long leases gather before they are given back. */
const GATHER_MS = 50;

/**
 * Who drives a run, and until when: one document per run, apart from it, compared with the server's `$$NOW` only.
 * It is made as a run is claimed and taken away before a loss is declared, each by one write, so a renewal that
 * matches it proves that the run is still held for `leaseMs` from the renewal on.
 */
export class LeaseStore {
  readonly #db: Database;
  readonly #leaseMs: number;
  readonly #releases: Coalescer<Hold, null>;

  constructor(db: Database, leaseMs: number) {
    this.#db = db;
    this.#leaseMs = leaseMs;
    this.#releases = Coalescer.whole(
      (holds) => translateMongoErrors(() => db.leases.deleteMany({ $or: holds.map(idOf) }, { writeConcern: { w: 1 } })),
      { gatherMs: GATHER_MS },
    );
  }

  /**
   * As the run is taken under that token (claim.ts). False: there has been a later holder. Not waited for until it is on disk, as it
   * need not outlive its primary: a lease that is missing cannot be renewed, and nobody declares the run lost before it would have
   * run out (docs/adr/0003).
   */
  async grant(hold: Hold, workerId: string): Promise<boolean> {
    try {
      await translateMongoErrors(() =>
        this.#db.leases.updateOne(
          { _id: hold.runId, fencingToken: { $lte: hold.fencingToken } },
          [{ $set: { fencingToken: hold.fencingToken, workerId, expiresAt: { $add: ['$$NOW', this.#leaseMs] } } }],
          { upsert: true, writeConcern: { w: 1 } },
        ),
      );
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  /** Renews all of a worker's leases at once. `held: false`: the run belongs to somebody else, stop driving it. */
  async renew(holds: readonly Hold[]): Promise<Map<string, Renewal>> {
    if (holds.length === 0) return new Map();
    return translateMongoErrors(async () => {
      const mine = holds.map(idOf);
      const result = await this.#db.leases.updateMany({ $or: mine }, [
        { $set: { expiresAt: { $add: ['$$NOW', this.#leaseMs] } } },
      ]);
      const held =
        result.matchedCount === mine.length ? new Set(holds.map(({ runId }) => runId)) : await this.#held(mine);
      const states = await this.#db.runs
        .find({ _id: { $in: holds.map(({ runId }) => runId) } }, { readConcern: { level: 'local' } })
        .project<{ _id: string; state: RunState }>({ state: 1 })
        .toArray();
      const stateOf = new Map(states.map(({ _id, state }) => [_id, state]));
      return new Map(holds.map(({ runId }) => [runId, { held: held.has(runId), state: stateOf.get(runId) ?? null }]));
    });
  }

  async #held(mine: { _id: string; fencingToken: number }[]): Promise<Set<string>> {
    const found = await this.#db.leases.find({ $or: mine }, { readConcern: { level: 'local' } }).toArray();
    return new Set(found.map(({ _id }) => _id));
  }

  /** Leases that have run out, oldest first. */
  async expired(limit: number): Promise<(Hold & { workerId: string })[]> {
    const found = await translateMongoErrors(() =>
      this.#db.leases
        .find({ $expr: { $lt: ['$expiresAt', '$$NOW'] } })
        .sort({ expiresAt: 1 })
        .limit(limit)
        .toArray(),
    );
    return found.map(({ _id, fencingToken, workerId }) => ({ runId: _id, fencingToken, workerId }));
  }

  /** Takes an expired lease away, after which it cannot be renewed; false when it was renewed after all. */
  async revoke(hold: Hold): Promise<boolean> {
    const result = await translateMongoErrors(() =>
      this.#db.leases.deleteOne({
        _id: hold.runId,
        fencingToken: hold.fencingToken,
        $expr: { $lt: ['$expiresAt', '$$NOW'] },
      }),
    );
    return result.deletedCount === 1;
  }

  /**
   * Runs that say they are held, under a token that has no lease: it was revoked, and whoever did that got no further. Or it was lost
   * with a primary, or on its way from a worker that died: whoever drives the run does so for one lease at most. Or it is about to
   * come: a claim and its lease are two writes.
   */
  async unleased(): Promise<(Hold & { workerId: string })[]> {
    return translateMongoErrors(async () => {
      const held = await this.#db.runs
        .find({ state: { $in: ['running', 'cancelling'] } })
        .project<{ _id: string; fencingToken: number; workerId: string | null }>({ fencingToken: 1, workerId: 1 })
        .toArray();
      const leases = await this.#db.leases.find({ _id: { $in: held.map(({ _id }) => _id) } }).toArray();
      const tokenOf = new Map(leases.map(({ _id, fencingToken }) => [_id, fencingToken]));
      return held
        .filter(({ _id, fencingToken }) => tokenOf.get(_id) !== fencingToken)
        .map(({ _id, fencingToken, workerId }) => ({ runId: _id, fencingToken, workerId: workerId ?? 'unknown' }));
    });
  }

  /** Gives a lease back after an attempt's end. One that is forgotten runs out, and nothing follows from it. */
  async release({ runId, fencingToken }: Hold): Promise<void> {
    await this.#releases.add({ runId, fencingToken });
  }
}

function idOf({ runId, fencingToken }: Hold): { _id: string; fencingToken: number } {
  return { _id: runId, fencingToken };
}
