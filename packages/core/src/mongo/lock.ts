import type { Database } from './database.ts';
import { translateMongoErrors } from './errors.ts';

/**
 * "One process at a time": a lease in MongoDB, compared with the server's time. The holder calls `acquire` again
 * to keep it, at least three times per `ttlMs`.
 */
export class Lock {
  readonly #db: Database;
  readonly #name: string;
  readonly #owner: string;
  readonly #ttlMs: number;

  constructor(db: Database, name: string, owner: string, ttlMs: number) {
    this.#db = db;
    this.#name = name;
    this.#owner = owner;
    this.#ttlMs = ttlMs;
  }

  /** True when this owner holds it now. */
  async acquire(): Promise<boolean> {
    const mine = {
      $or: [{ $eq: ['$owner', this.#owner] }, { $lt: [{ $ifNull: ['$expiresAt', new Date(0)] }, '$$NOW'] }],
    };
    const lock = await translateMongoErrors(() =>
      this.#db.locks.findOneAndUpdate(
        { _id: this.#name },
        [
          {
            $set: {
              owner: { $cond: [mine, this.#owner, '$owner'] },
              expiresAt: { $cond: [mine, { $add: ['$$NOW', this.#ttlMs] }, '$expiresAt'] },
            },
          },
        ],
        { upsert: true, returnDocument: 'after' },
      ),
    );
    return lock?.owner === this.#owner;
  }

  async release(): Promise<void> {
    await translateMongoErrors(() => this.#db.locks.deleteOne({ _id: this.#name, owner: this.#owner }));
  }
}
