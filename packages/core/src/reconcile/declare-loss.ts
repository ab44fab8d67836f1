import type { Loss } from '@das/contracts/run';
import { lossDelayMs } from '../domain/retry-policy.ts';
import type { Database } from '../mongo/database.ts';
import type { RunDocument } from '../mongo/documents.ts';
import type { Hold, LeaseStore } from '../mongo/lease-store.ts';
import type { Move, RunStore } from '../mongo/run-store.ts';

/**
 * Takes a run from a holder whose lease is over, and says what becomes of it: another attempt, the end after one
 * loss too many, or `cancelled` where a cancel was under way (its processes died before the lease ended: the
 * supervisor's deadline). The lease goes first: a renewal in time wins, one that is late finds nothing. Null: it won, or
 * the run has gone on.
 */
export async function declareLost(
  stores: { db: Database; runs: RunStore; leases: LeaseStore },
  hold: Hold & { workerId: string },
  maxLosses: number,
): Promise<RunDocument | null> {
  return (await stores.leases.revoke(hold)) ? declareUnheld(stores, hold, maxLosses) : null;
}

/** The same where the lease is gone already. */
export async function declareUnheld(
  stores: { db: Database; runs: RunStore },
  hold: Hold & { workerId: string },
  maxLosses: number,
): Promise<RunDocument | null> {
  const run = await stores.runs.find(hold.runId);
  if (run?.fencingToken !== hold.fencingToken) return null;
  if (run.state !== 'running' && run.state !== 'cancelling') return null;
  return stores.runs.move(lossOf(run, hold.workerId, maxLosses, stores.db.clock.now()));
}

function lossOf(run: RunDocument, workerId: string, maxLosses: number, now: Date): Move {
  const loss: Loss = { kind: 'worker_lost', summary: `Worker ${workerId} has not been heard of for one lease.` };
  const base = {
    runId: run._id,
    from: run.state,
    fencingToken: run.fencingToken,
    actor: 'reconciler',
    reason: loss.summary,
  };
  if (run.state === 'cancelling') {
    return {
      ...base,
      name: 'confirmCancel',
      attempt: { n: run.attemptCount, set: { state: 'cancelled', loss, finishedAt: now } },
    };
  }
  const attempt = { n: run.attemptCount, set: { state: 'lost' as const, loss, finishedAt: now } };
  const inc = { losses: 1, workerLosses: 1, epoch: 1, fencingToken: 1 };
  if (run.workerLosses + 1 >= maxLosses) {
    const summary = `${run.workerLosses + 1} workers were lost while they ran this (MAX_LOSSES ${maxLosses}); the script may bring them down, for example by its memory.`;
    return { ...base, name: 'fail', attempt, inc, set: { failure: { kind: 'too_many_losses', summary, excerpt: '' } } };
  }
  const nextAttemptAt = new Date(now.getTime() + lossDelayMs(run.losses + 1));
  const waiting = {
    reason: 'recovering' as const,
    since: now,
    detail: `${loss.summary} The run is handed to another worker.`,
  };
  return { ...base, name: 'lose', attempt, inc, set: { nextAttemptAt, waiting, workerId: null } };
}
