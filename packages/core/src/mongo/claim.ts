import { isTerminal } from '@das/contracts/states';
import type { AttemptDocument, RunDocument } from './documents.ts';
import type { Database } from './database.ts';
import type { ClaimedTags } from './fair-share-store.ts';
import type { LeaseStore } from './lease-store.ts';
import type { RunStore } from './run-store.ts';

export type ClaimRequest = {
  runId: string;
  epoch: number;
  workerId: string;
  /** MongoDB did not answer an earlier claim of the same worker: it may have succeeded. */
  unanswered?: boolean;
  /**
   * Called when the run is known to be free, before it is taken: the exact command that its attempt `n` would execute. It is stored with
   * the claim, so the intent is known before anything starts. What harms nobody may begin meanwhile; somebody else may still win.
   */
  intend: (run: RunDocument, n: number) => string[];
};

export type ClaimOutcome =
  | { outcome: 'claimed'; run: RunDocument; attempt: number; fencingToken: number }
  /** The job has nothing to do: why, for the log. */
  | { outcome: 'obsolete'; why: string }
  /** A retry whose time has not come. */
  | { outcome: 'early'; delayMs: number };

/** A retry may start this much before its time: clocks and queues are no better than that. */
const EARLY_MS = 50;

/**
 * A worker takes a run: grants the lease of the next fencing token, and raises the token and opens the attempt, with the intent. It
 * is the worker's once both are stored; nothing of the script starts before. Two workers with jobs of the same run: one wins, the other's job is obsolete. Two writes and no transaction, as one
 * that a killed worker leaves open would block the run's document for a minute (docs/adr/0003).
 */
export async function claimRun(
  stores: { db: Database; runs: RunStore; leases: LeaseStore; claimedTags: ClaimedTags },
  request: ClaimRequest,
): Promise<ClaimOutcome> {
  const run = await stores.runs.find(request.runId);
  if (run && request.unanswered && (await isOurs(stores.leases, run, request)))
    return { outcome: 'claimed', run, attempt: run.attemptCount, fencingToken: run.fencingToken };
  const refusal = refuse(run, request.epoch, stores.db.clock.now());
  if (!run || refusal) return refusal ?? { outcome: 'obsolete', why: 'there is no such run' };
  const fencingToken = run.fencingToken + 1;
  const attempt = run.attemptCount + 1;
  const now = stores.db.clock.now();
  const command = request.intend(run, attempt);
  // The lease is sent first, and both are waited for. One without the other runs out, or is found to be missing (docs/adr/0003).
  const [granted, claimed] = await Promise.all([
    stores.leases.grant({ runId: run._id, fencingToken }, request.workerId),
    stores.runs.move({
      name: 'claim',
      runId: run._id,
      from: run.state,
      fencingToken: run.fencingToken,
      actor: `worker ${request.workerId}`,
      reason: `attempt ${attempt}`,
      inc: { fencingToken: 1, attemptCount: 1 },
      set: { workerId: request.workerId, waiting: null, nextAttemptAt: null, startedAt: run.startedAt ?? now },
      pushAttempt: newAttempt(attempt, request.workerId, now, command),
    }),
  ]);
  if (!claimed || !granted) return { outcome: 'obsolete', why: 'another worker was faster, or the run was cancelled' };
  void stores.claimedTags.note(run.order).catch(() => undefined);
  return { outcome: 'claimed', run: claimed, attempt, fencingToken };
}

/** Whether the claim that nobody answered is what the run is held by now; its lease begins anew then. */
async function isOurs(leases: LeaseStore, run: RunDocument, { epoch, workerId }: ClaimRequest): Promise<boolean> {
  if (run.epoch !== epoch || run.workerId !== workerId) return false;
  if (run.state !== 'running' && run.state !== 'cancelling') return false;
  const renewals = await leases.renew([{ runId: run._id, fencingToken: run.fencingToken }]);
  return renewals.get(run._id)?.held ?? false;
}

function refuse(
  run: RunDocument | null,
  epoch: number,
  now: Date,
): Exclude<ClaimOutcome, { outcome: 'claimed' }> | null {
  if (!run) return { outcome: 'obsolete', why: 'there is no such run' };
  if (isTerminal(run.state)) return { outcome: 'obsolete', why: `the run is ${run.state}` };
  if (run.epoch !== epoch) return { outcome: 'obsolete', why: `the job is of epoch ${epoch}, the run of ${run.epoch}` };
  if (run.state === 'running' || run.state === 'cancelling')
    return { outcome: 'obsolete', why: 'another worker holds the run' };
  const delayMs = run.nextAttemptAt ? run.nextAttemptAt.getTime() - now.getTime() : 0;
  return delayMs > EARLY_MS ? { outcome: 'early', delayMs } : null;
}

function newAttempt(n: number, workerId: string, now: Date, command: string[]): AttemptDocument {
  return {
    n,
    state: 'running',
    phase: 'fetching',
    claims: [{ workerId, from: now, to: null }],
    startedAt: now,
    submittedAt: null,
    runningAt: null,
    finishedAt: null,
    exitCode: null,
    signal: null,
    sparkAppId: null,
    trackingUrl: null,
    logSize: 0,
    command,
  };
}
