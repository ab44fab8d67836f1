import { randomUUID } from 'node:crypto';
import { connectDatabase } from '@das/core/mongo/database';
import type { Database } from '@das/core/mongo/database';
import { inject } from 'vitest';

/** A database of one's own in the stack's MongoDB; dropped when it is disposed of. */
export async function ownDatabase(): Promise<Database & AsyncDisposable> {
  const db = await connectDatabase({
    uri: inject('stack').mongodbUri,
    database: `das-own-${randomUUID().slice(0, 8)}`,
    collection: 'sample',
    timeoutMs: 20_000,
    appName: 'das-test',
  });
  const drop = async () => {
    await db.db.dropDatabase();
    await db.close();
  };
  return Object.assign(db, { [Symbol.asyncDispose]: drop });
}
