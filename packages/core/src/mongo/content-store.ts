import { Binary } from 'mongodb';
import { sha256Of } from '../domain/version.ts';
import type { Database } from './database.ts';

/** The bytes of files, each stored once under its sha256. */
export class ContentStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Stores what is not there yet; answers the sha256 of each. */
  async put(contents: readonly Uint8Array[]): Promise<string[]> {
    const hashes = contents.map((bytes) => sha256Of(bytes));
    const stored = await this.sizes(hashes);
    const firstSeenAt = this.#db.clock.now();
    const missing = new Map(hashes.map((sha256, index) => [sha256, contents[index] as Uint8Array]));
    for (const sha256 of stored.keys()) missing.delete(sha256);
    if (missing.size > 0) {
      const operations = [...missing].map(([_id, bytes]) => {
        const content = { bytes: new Binary(bytes), size: bytes.length, firstSeenAt };
        return { updateOne: { filter: { _id }, update: { $setOnInsert: content }, upsert: true } };
      });
      await this.#db.contents.bulkWrite(operations, { ordered: false });
    }
    return hashes;
  }

  async get(sha256: string): Promise<{ bytes: Buffer; size: number } | null> {
    const found = await this.#db.contents.findOne({ _id: sha256 });
    return found && { bytes: Buffer.from(found.bytes.value()), size: found.size };
  }

  /** Sizes of those of `hashes` that are stored. */
  async sizes(hashes: readonly string[]): Promise<Map<string, number>> {
    if (hashes.length === 0) return new Map();
    const found = await this.#db.contents.find({ _id: { $in: [...hashes] } }, { projection: { size: 1 } }).toArray();
    return new Map(found.map(({ _id, size }) => [_id, size]));
  }
}
