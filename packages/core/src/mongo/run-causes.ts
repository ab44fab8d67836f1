import type { Causes } from '@das/contracts/causes';
import { LIMITS } from '@das/contracts/limits';
import { causeOf } from '../domain/failure-cause.ts';
import type { Database } from './database.ts';
import type { RunDocument } from './documents.ts';
import type { RunFilter } from './run-condition.ts';
import { searchCondition } from './run-search.ts';

/** Milliseconds that MongoDB may take. */
const QUESTION_MS = 1500;
/** Of one cause. */
const SCRIPTS_TOLD = 5;

type Failed = Pick<RunDocument, '_id' | 'finishedAt'> & {
  script: { path: string };
  failure: { kind: Causes['causes'][number]['kind']; summary: string };
};
type Group = { newest: Failed; cause: string; runs: number; byScript: Map<string, number> };

/**
 * The failed ones of the runs that match, grouped by kind and cause. Only the newest `LIMITS.causeRuns` of them are read, along the
 * index of the state or a narrower one; `complete` tells whether that was all.
 */
export async function readCauses(db: Database, filter: RunFilter): Promise<Causes> {
  if (filter.state && !filter.state.includes('failed')) return { causes: [], runsRead: 0, complete: true };
  const found = await db.runs
    .find(await searchCondition(db, { ...filter, state: ['failed'] }), { maxTimeMS: QUESTION_MS })
    .project<Failed>({ 'failure.kind': 1, 'failure.summary': 1, 'script.path': 1, finishedAt: 1 })
    .sort({ _id: -1 })
    .limit(LIMITS.causeRuns + 1)
    .toArray();
  const read = found.slice(0, LIMITS.causeRuns);
  const groups = groupByCause(read);
  return {
    causes: groups.slice(0, LIMITS.causes).map(presentCause),
    runsRead: read.length,
    complete: found.length === read.length && groups.length <= LIMITS.causes,
  };
}

/** `failed` newest first; the groups with the most runs first. */
function groupByCause(failed: readonly Failed[]): Group[] {
  const groups = new Map<string, Group>();
  for (const run of failed) {
    const cause = causeOf(run.failure.summary);
    const key = `${run.failure.kind} ${cause}`;
    const group = groups.get(key) ?? { newest: run, cause, runs: 0, byScript: new Map<string, number>() };
    group.runs += 1;
    group.byScript.set(run.script.path, (group.byScript.get(run.script.path) ?? 0) + 1);
    groups.set(key, group);
  }
  return [...groups.values()].toSorted((a, b) => b.runs - a.runs);
}

function presentCause({ newest, cause, runs, byScript }: Group): Causes['causes'][number] {
  const scripts = [...byScript].map(([path, count]) => ({ path, runs: count })).toSorted((a, b) => b.runs - a.runs);
  return {
    kind: newest.failure.kind,
    cause,
    runs,
    scripts: scripts.slice(0, SCRIPTS_TOLD),
    scriptCount: scripts.length,
    newest: {
      id: newest._id,
      script: newest.script.path,
      summary: newest.failure.summary,
      finishedAt: newest.finishedAt?.toISOString() ?? null,
    },
  };
}
