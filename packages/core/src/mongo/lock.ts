import type { Database } from './database.ts';
import { isDuplicateKey, translateMongoErrors } from './errors.ts';

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
    try {
      return await translateMongoErrors(async () => {
        const result = await this.#db.locks.updateOne(
          { _id: this.#name, $expr: { $or: [{ $eq: ['$owner', this.#owner] }, { $lt: ['$expiresAt', '$$NOW'] }] } },
          [{ $set: { owner: this.#owner, expiresAt: { $add: ['$$NOW', this.#ttlMs] } } }],
          { upsert: true },
        );
        return result.matchedCount + result.upsertedCount === 1;
      });
    } catch (error) {
      // The upsert met another owner's document: held.
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  async release(): Promise<void> {
    await translateMongoErrors(() => this.#db.locks.deleteOne({ _id: this.#name, owner: this.#owner }));
  }
}
