import type { ScriptSettings } from '@das/contracts/script';
import type { Database } from './database.ts';
import type { ScriptSettingsDocument } from './documents.ts';
import { isDuplicateKey } from './errors.ts';

/** Settings as they are saved, which revision that is (0 = nothing was ever saved), and who made it. */
export type SavedSettings = { settings: ScriptSettings; revision: number; saved: { at: Date; by: string } | null };

/** What people have saved for scripts: merged into every run of them (domain/run-settings). */
export class ScriptSettingsStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async find(path: string): Promise<SavedSettings> {
    const found = await this.#db.scriptSettings.findOne({ _id: path });
    return found ? read(found) : { settings: {}, revision: 0, saved: null };
  }

  /** Of those of `paths` that have any. */
  async findMany(paths: readonly string[]): Promise<Map<string, ScriptSettings>> {
    if (paths.length === 0) return new Map();
    const found = await this.#db.scriptSettings.find({ _id: { $in: [...paths] } }).toArray();
    return new Map(found.map((document) => [document._id, read(document).settings]));
  }

  /** Replaces revision `revision` (0: saves the first) whole. Null: somebody else was faster. */
  async replace(path: string, settings: ScriptSettings, revision: number, by: string): Promise<SavedSettings | null> {
    const saved = {
      text: JSON.stringify(settings),
      revision: revision + 1,
      savedAt: this.#db.clock.now(),
      savedBy: by,
    };
    if (revision === 0) {
      try {
        await this.#db.scriptSettings.insertOne({ _id: path, ...saved });
      } catch (error) {
        if (isDuplicateKey(error)) return null;
        throw error;
      }
    } else {
      const { matchedCount } = await this.#db.scriptSettings.updateOne({ _id: path, revision }, { $set: saved });
      if (matchedCount === 0) return null;
    }
    return { settings, revision: saved.revision, saved: { at: saved.savedAt, by } };
  }
}

function read({ text, revision, savedAt, savedBy }: ScriptSettingsDocument): SavedSettings {
  return { settings: JSON.parse(text) as ScriptSettings, revision, saved: { at: savedAt, by: savedBy } };
}
