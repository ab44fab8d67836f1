import type { ScriptStats } from '@das/contracts/script';
import type { Database } from './database.ts';
import type { RunDocument } from './documents.ts';
import { LAST_RUN_PROJECTION, lastRunOf } from './last-run.ts';
import { quantiles } from './overview.ts';

/**
 * The last runs of a script, newest first, and what they say together: the quantiles are those of the completed ones (what is usual),
 * the rate is completed / (completed + failed). Null where there are none.
 */
export async function readScriptStats(db: Database, path: string, last: number): Promise<ScriptStats> {
  const found = await db.runs
    .find({ 'script.path': path })
    .project<RunDocument>(LAST_RUN_PROJECTION)
    .sort({ _id: -1 })
    .limit(last)
    .toArray();
  const runs = found.map(lastRunOf);
  const completed = runs.filter(({ state }) => state === 'completed');
  const failed = runs.filter(({ state }) => state === 'failed');
  const { p50, p95 } = quantiles(completed.flatMap(({ durationMs }) => durationMs ?? []));
  const ended = completed.length + failed.length;
  return {
    items: runs.map(({ id, state, durationMs, createdAt }) => ({
      id,
      state,
      durationMs,
      createdAt: createdAt.toISOString(),
    })),
    p50Ms: p50,
    p95Ms: p95,
    successRate: ended === 0 ? null : completed.length / ended,
  };
}
