import type { ClientSession } from 'mongodb';
import type { Database } from './database.ts';
import { translateMongoErrors } from './errors.ts';

/** All of `work`, or nothing of it; it may be called again after a write conflict. Throws DatabaseUnavailable. */
export function inTransaction<T>(db: Database, work: (session: ClientSession) => Promise<T>): Promise<T> {
  return translateMongoErrors(() => db.client.withSession((session) => session.withTransaction(work)));
}
