import type { RunState } from '@das/contracts/states';
import type { UpdateFilter } from 'mongodb';
import { TRANSITIONS } from '../domain/transitions.ts';
import type { Database } from './database.ts';
import type { RunDocument } from './documents.ts';
import { translateMongoErrors } from './errors.ts';
import { reflectEnds } from './run-consequences.ts';

/** Runs to cancel: all of a launch, or these. */
export type Cancellable = { launchId: string } | { ids: readonly string[] };

/**
 * Cancels at once what waits of them: the transition `cancelWaiting` for many runs in one write a state. As with one run, the
 * raised fencing token leaves a claim that read the run before with nothing. What runs is left to `RunStore.requestCancel`.
 * Answers the runs that were cancelled (their id, epoch, and what their scripts need to know).
 */
export async function cancelWaitingRuns(db: Database, which: Cancellable, actor: string): Promise<RunDocument[]> {
  return translateMongoErrors(async () => {
    const before = await waitingRuns(db, which);
    const finishedAt = db.clock.now();
    if (before.length === 0) return [];
    const reason = 'ids' in which ? 'cancel requested' : 'cancel of the launch requested';
    for (const from of TRANSITIONS.cancelWaiting.from) {
      const ids = before.filter(({ state }) => state === from).map(({ _id }) => _id);
      if (ids.length > 0)
        await db.runs.updateMany({ _id: { $in: ids }, state: from }, cancellation(from, finishedAt, { actor, reason }));
    }
    const after = await db.runs
      .find({ _id: { $in: before.map(({ _id }) => _id) }, state: 'cancelled' })
      .project<RunDocument>({ attempts: 0, events: 0, manifest: 0 })
      .toArray();
    await reflectEnds(db, after);
    return after;
  });
}

function waitingRuns(db: Database, which: Cancellable): Promise<RunDocument[]> {
  const named = 'ids' in which ? { _id: { $in: [...which.ids] } } : which;
  const waiting = { ...named, state: { $in: [...TRANSITIONS.cancelWaiting.from] } };
  return db.runs.find(waiting).project<RunDocument>({ _id: 1, state: 1 }).toArray();
}

function cancellation(from: RunState, at: Date, why: { actor: string; reason: string }): UpdateFilter<RunDocument> {
  const { to } = TRANSITIONS.cancelWaiting;
  const event = { at, ...why, type: 'cancelWaiting', from, to };
  return {
    $set: { state: to, finishedAt: at, workerId: null, nextAttemptAt: null, waiting: null },
    $inc: { seq: 1, fencingToken: 1 },
    $push: { events: event },
  };
}
