import { TERMINAL_RUN_STATES } from '@das/contracts/states';
import type { Database } from '../mongo/database.ts';
import { translateMongoErrors } from '../mongo/errors.ts';
import { reopenMinutes } from '../mongo/run-tally-closing.ts';

const DAY_MS = 24 * 3600 * 1000;
const BATCH = 200;

/**
 * Removes runs that ended more than `days` ago, with their logs, and launches of which nothing is left. At most one
 * batch a call, so that nothing else waits for it; returns how many runs went. Contents stay: others may pin them.
 */
export async function removeOldRuns(db: Database, days: number): Promise<number> {
  const before = new Date(db.clock.now().getTime() - days * DAY_MS);
  return translateMongoErrors(async () => {
    const old = await db.runs
      .find({ finishedAt: { $gt: new Date(0), $lt: before }, state: { $in: [...TERMINAL_RUN_STATES] } })
      .sort({ finishedAt: 1 })
      .limit(BATCH)
      .project<{ _id: string; launchId: string | null; createdAt: Date }>({ launchId: 1, createdAt: 1 })
      .toArray();
    if (old.length === 0) return 0;
    const ids = old.map(({ _id }) => _id);
    await reopenMinutes(db, old.map(({ createdAt }) => createdAt)); // prettier-ignore
    // Logs first: a crash in between leaves a run without its log, never a log that nobody can find.
    await Promise.all([db.logChunks.deleteMany({ runId: { $in: ids } }), db.logs.deleteMany({ runId: { $in: ids } })]);
    await db.runs.deleteMany({ _id: { $in: ids } });
    for (const launchId of new Set(old.flatMap((run) => run.launchId ?? []))) {
      if (!(await db.runs.findOne({ launchId }, { projection: { _id: 1 } })))
        await db.launches.deleteOne({ _id: launchId });
    }
    return ids.length;
  });
}
