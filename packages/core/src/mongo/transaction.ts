import type { ClientSession } from 'mongodb';
import { MongoError } from 'mongodb';
import type { Database } from './database.ts';
import { translateMongoErrors } from './errors.ts';

/** The driver's own `withTransaction` tries for two minutes; here a caller waits. */
const TRY_FOR_MS = 2500;

/**
 * Runs `work` in one transaction (snapshot, majority, journal). Conflicts with other writers are tried again, with a
 * short pause, for as long as a caller would wait; what is longer than that throws DatabaseUnavailable or the
 * conflict itself. `work` may run several times.
 */
export async function inTransaction<T>(db: Database, work: (session: ClientSession) => Promise<T>): Promise<T> {
  const until = performance.now() + TRY_FOR_MS;
  return translateMongoErrors(() =>
    db.client.withSession(async (session) => {
      for (let tries = 1; ; tries += 1) {
        try {
          return await once(session, work, until);
        } catch (error) {
          if (!hasLabel(error, 'TransientTransactionError') || performance.now() > until) throw error;
          await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(5 * 2 ** tries, 100)));
        }
      }
    }),
  );
}

async function once<T>(
  session: ClientSession,
  work: (session: ClientSession) => Promise<T>,
  until: number,
): Promise<T> {
  session.startTransaction({ readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority', journal: true } });
  try {
    const result = await work(session);
    await commit(session, until);
    return result;
  } catch (error) {
    if (session.inTransaction()) await session.abortTransaction().catch(() => undefined);
    throw error;
  }
}

/** A commit whose answer was lost is asked for again: it is idempotent. */
async function commit(session: ClientSession, until: number): Promise<void> {
  for (;;) {
    try {
      return await session.commitTransaction();
    } catch (error) {
      if (!hasLabel(error, 'UnknownTransactionCommitResult') || performance.now() > until) throw error;
    }
  }
}

function hasLabel(error: unknown, label: string): boolean {
  return error instanceof MongoError && error.hasErrorLabel(label);
}
