import { Binary } from 'mongodb';
import { sha256Of } from '../domain/version.ts';
import type { Database } from './database.ts';

/** The bytes of files, each stored once under its sha256. */
export class ContentStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Stores `bytes` unless they are there; answers their sha256. */
  async put(bytes: Uint8Array): Promise<string> {
    const sha256 = sha256Of(bytes);
    if (await this.#db.contents.findOne({ _id: sha256 }, { projection: { _id: 1 } })) return sha256;
    const content = { bytes: new Binary(bytes), size: bytes.length, firstSeenAt: this.#db.clock.now() };
    await this.#db.contents.updateOne({ _id: sha256 }, { $setOnInsert: content }, { upsert: true });
    return sha256;
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
