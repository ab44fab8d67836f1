import { setTimeout as sleep } from 'node:timers/promises';
import type { Db, Long } from 'mongodb';

/** MongoDB lists a cursor while it rests or is read, and neither for an instant between the two: so it is looked for a few times. */
const LOOKS = 3;
const PAUSE_MS = 30;

/** The cursors of the change streams that are open on a database. */
export async function changeStreams(db: Db): Promise<Long[]> {
  const streams = { 'cursor.tailable': true, ns: { $regex: `^${db.databaseName}\\.` } };
  const pipeline = [{ $currentOp: { allUsers: true, idleCursors: true } }, { $match: streams }];
  const found = new Map<string, Long>();
  for (let look = 0; look < LOOKS; look += 1) {
    const { cursor } = await db.admin().command({ aggregate: 1, pipeline, cursor: {} });
    for (const operation of (cursor as { firstBatch: { cursor: { cursorId: Long } }[] }).firstBatch)
      found.set(String(operation.cursor.cursorId), operation.cursor.cursorId);
    if (look < LOOKS - 1) await sleep(PAUSE_MS);
  }
  return [...found.values()];
}
