import { DelayedError, UnrecoverableError } from 'bullmq';
import type { Job } from 'bullmq';
import type { Logger } from '@das/core/logging/logger';
import { claimRun } from '@das/core/mongo/claim';
import type { ClaimOutcome } from '@das/core/mongo/claim';
import { isDatabaseAway } from '@das/core/mongo/errors';
import type { RunJob } from '@das/core/queue/run-queue';
import { executeAttempt } from './attempt.ts';
import type { AttemptContext } from './attempt.ts';
import { Hold } from './hold.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import { recordEnding } from './record-ending.ts';
import type { Verdict } from './record-ending.ts';
import { monotonicMs } from './supervisor.ts';

/** A failed attempt with a retry left; BullMQ's backoff strategy takes the delay from here. */
export class RetryLater extends Error {
  override name = 'RetryLater';
  readonly delayMs: number;
  constructor(why: string, delayMs: number) {
    super(why);
    this.delayMs = delayMs;
  }
}

export type JobContext = AttemptContext & {
  workerId: string;
  keeper: LeaseKeeper;
  leaseMs: number;
  maxLosses: number;
  log: Logger;
  /** Runs whose claim MongoDB has not answered: they may be ours. */
  unanswered: Set<string>;
  /** Called when what runs here has changed. */
  onChange: () => void;
  /** Called when an attempt was lost because this machine's disk is full. */
  onDiskFull: () => void;
};

/** While MongoDB is away nothing can be claimed. */
const DATABASE_AWAY_MS = 2000;

/**
 * One BullMQ job: claims its run, executes the attempt, records its end, and tells BullMQ what that means. Jobs may
 * come twice, late or for nothing: the claim decides.
 */
export async function processJob(context: JobContext, job: Job<RunJob>, token: string | undefined): Promise<void> {
  const { runId, epoch } = job.data;
  const log = context.log.child({ runId });
  const sentAt = monotonicMs();
  const claim = await claimOnce(context, { runId, epoch }, log);
  switch (claim.outcome) {
    case 'obsolete':
      log.debug(`nothing to do: ${claim.why}`);
      return;
    case 'early':
      return delay(job, token, claim.delayMs);
    case 'claimed': {
      const hold = new Hold(
        { runId, attempt: claim.attempt, fencingToken: claim.fencingToken },
        context.leaseMs,
        sentAt,
      );
      return obey(await drive(context, claim.run, hold, log.child({ attempt: claim.attempt })), job, token);
    }
    default:
      return claim satisfies never;
  }
}

async function claimOnce(context: JobContext, { runId, epoch }: RunJob, log: Logger): Promise<ClaimOutcome> {
  const unanswered = context.unanswered.has(runId);
  try {
    const claim = await claimRun(context, { runId, epoch, workerId: context.workerId, unanswered });
    context.unanswered.delete(runId);
    return claim;
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
    log.warn({ error }, 'MongoDB is away: the run is not claimed, as far as is known');
    context.unanswered.add(runId);
    return { outcome: 'early', delayMs: DATABASE_AWAY_MS };
  }
}

async function drive(
  context: JobContext,
  run: Parameters<typeof executeAttempt>[1],
  hold: Hold,
  log: Logger,
): Promise<Verdict> {
  context.keeper.add(hold);
  context.onChange();
  let recorded = false;
  try {
    log.info({ script: run.script.path, attempt: hold.attempt }, 'attempt started');
    const { ending, logSize } = await executeAttempt(context, run, hold, log);
    if (ending.kind === 'lost' && ending.loss.kind === 'disk_full') context.onDiskFull();
    const verdict = await recordEnding(context, run, hold, ending, logSize, log);
    recorded = true;
    log.info({ then: verdict.then, ...('why' in verdict && { why: verdict.why }) }, `attempt ${ending.kind}`);
    return verdict;
  } finally {
    context.keeper.remove(hold);
    context.onChange();
    // Of an end that nobody wrote the lease runs out, and with it the run comes forward again.
    if (recorded) await context.leases.release(hold).catch(() => undefined);
  }
}

async function obey(verdict: Verdict, job: Job<RunJob>, token: string | undefined): Promise<void> {
  switch (verdict.then) {
    case 'done':
      return;
    case 'retry':
      throw new RetryLater(verdict.why, verdict.delayMs);
    case 'fail':
      throw new UnrecoverableError(verdict.why);
    case 'delay':
      return delay(job, token, verdict.delayMs);
    default:
      return verdict satisfies never;
  }
}

/** A job that came while the worker drains: for another one, at once. */
export function handBack(job: Job<RunJob>, token: string | undefined): Promise<never> {
  return delay(job, token, 0);
}

async function delay(job: Job<RunJob>, token: string | undefined, delayMs: number): Promise<never> {
  await job.moveToDelayed(Date.now() + delayMs, token);
  throw new DelayedError();
}
