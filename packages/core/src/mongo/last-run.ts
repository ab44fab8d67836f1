import type { LastRun, RunDocument } from './documents.ts';

/** What `lastRunOf` needs of a run. */
export const LAST_RUN_PROJECTION = { state: 1, createdAt: 1, startedAt: 1, finishedAt: 1 } as const;

/** A run as scripts and their versions tell it. */
export function lastRunOf(run: Pick<RunDocument, '_id' | keyof typeof LAST_RUN_PROJECTION>): LastRun {
  const { startedAt, finishedAt } = run;
  const durationMs = startedAt && finishedAt ? Math.max(0, finishedAt.getTime() - startedAt.getTime()) : null;
  return { id: run._id, state: run.state, createdAt: run.createdAt, finishedAt, durationMs };
}

/** For the contract. */
export function presentLastRun({ id, state, createdAt, finishedAt, durationMs }: LastRun) {
  return {
    id,
    state,
    createdAt: createdAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
    durationMs,
  };
}
