import type { Database } from '@das/core/mongo/database';

/** Waits for a write with majority and journal, as DAS does after what it writes without waiting: that can be read then, too. */
export async function settleWrites({ locks }: Pick<Database, 'locks'>): Promise<void> {
  await locks.updateOne({ _id: 'settled' }, { $set: { owner: 'test', expiresAt: new Date() } }, { upsert: true });
}
