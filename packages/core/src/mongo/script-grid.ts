import type { GridRow } from '@das/contracts/script';
import type { Database } from './database.ts';
import type { RunDocument, ScriptDocument } from './documents.ts';
import { LAST_RUN_PROJECTION, lastRunOf } from './last-run.ts';

const MARK_PROJECTION = { ...LAST_RUN_PROJECTION, seq: 1 } as const;
type Mark = Pick<RunDocument, '_id' | keyof typeof MARK_PROJECTION>;

/**
 * The `last` newest runs of each of `paths`, newest first, in the order of `paths`. One call of MongoDB: each script's runs come off the index
 * `{script.path, _id}` in their order, and no more of them than are shown.
 */
export async function readScriptGrid(db: Database, paths: readonly string[], last: number): Promise<GridRow[]> {
  const found = await db.scripts
    .aggregate<Pick<ScriptDocument, '_id'> & { runs: Mark[] }>([
      { $match: { _id: { $in: [...new Set(paths)] } } },
      { $project: { _id: 1 } },
      {
        $lookup: {
          from: db.runs.collectionName,
          localField: '_id',
          foreignField: 'script.path',
          as: 'runs',
          pipeline: [{ $sort: { _id: -1 } }, { $limit: last }, { $project: MARK_PROJECTION }],
        },
      },
    ])
    .toArray();
  const byPath = new Map(found.map(({ _id, runs }) => [_id, runs.map(markOf)]));
  return paths.map((path) => ({ path, runs: byPath.get(path) ?? [] }));
}

function markOf(run: Mark): GridRow['runs'][number] {
  const { id, state, durationMs } = lastRunOf(run);
  const { seq, createdAt, startedAt } = run;
  return {
    id,
    state,
    seq,
    createdAt: createdAt.toISOString(),
    startedAt: startedAt?.toISOString() ?? null,
    durationMs,
  };
}
