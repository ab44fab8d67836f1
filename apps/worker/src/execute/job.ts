import { DelayedError, UnrecoverableError } from 'bullmq';
import type { Job } from 'bullmq';
import type { Logger } from '@das/core/logging/logger';
import { claimRun } from '@das/core/mongo/claim';
import type { ClaimOutcome } from '@das/core/mongo/claim';
import type { RunDocument } from '@das/core/mongo/documents';
import { isDatabaseAway } from '@das/core/mongo/errors';
import type { ClaimedTags } from '@das/core/mongo/fair-share-store';
import type { RunJob } from '@das/core/queue/run-queue';
import { commandOf, executeAttempt, prepareAttempt } from './attempt.ts';
import type { AttemptContext } from './attempt.ts';
import { settleBlame } from './blame.ts';
import type { Health } from './blame.ts';
import type { Finishing } from './finishing.ts';
import { Hold } from './hold.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import type { Preparation } from './preparation.ts';
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
  claimedTags: ClaimedTags;
  leaseMs: number;
  maxLosses: number;
  log: Logger;
  /** Runs whose claim MongoDB has not answered: they may be ours. */
  unanswered: Set<string>;
  finishing: Finishing;
  /** Called when what runs here has changed. */
  onChange: () => void;
  /** What this worker does about itself after a loss. */
  health: Health;
};

/** While MongoDB is away nothing can be claimed. */
const DATABASE_AWAY_MS = 2000;

/**
 * One BullMQ job: claims its run, executes the attempt, records its end, and tells BullMQ what that means. Jobs may
 * come twice, late or for nothing: the claim decides. `turn` ends once the attempt's processes have started. BullMQ gets the place back
 * as soon as a script has completed: its log and its end are written while the next one starts.
 */
export async function processJob(
  context: JobContext,
  job: Job<RunJob>,
  token: string | undefined,
  turn: Disposable,
): Promise<void> {
  const log = context.log.child({ runId: job.data.runId });
  const sentAt = monotonicMs();
  await using preparing = new AsyncDisposableStack();
  const { claim, preparation } = await claimAndPrepare(context, job, preparing, log);
  switch (claim.outcome) {
    case 'obsolete':
      log.debug(`nothing to do: ${claim.why}`);
      return;
    case 'early':
      return await delay(job, token, claim.delayMs);
    case 'claimed': {
      // Of a claim that nobody answered: its job has come back, and the attempt is driven by the one that came first.
      if (context.keeper.drives(claim.run._id, claim.fencingToken)) return log.debug('nothing to do: it runs here');
      const hold = new Hold(
        { runId: claim.run._id, attempt: claim.attempt, fencingToken: claim.fencingToken },
        context.leaseMs,
        sentAt,
      );
      const prepared = preparation ?? preparing.use(prepareAttempt(context, claim.run, claim.attempt, log));
      void spawned(prepared).finally(() => turn[Symbol.dispose]());
      const { promise: completed, resolve: onCompleted } = Promise.withResolvers<void>();
      const stage = { preparation: prepared, log: log.child({ attempt: claim.attempt }), onCompleted };
      const driven = drive(context, claim.run, hold, stage);
      const hasCompleted = await Promise.race([driven.then(() => false), completed.then(() => true)]);
      if (!hasCompleted || !context.finishing.hasRoom) return await obey(await driven, job, token);
      const rest = preparing.move();
      context.finishing.takeOver(hold, driven.finally(() => rest.disposeAsync())); // prettier-ignore
      return context.onChange();
    }
    default:
      return claim satisfies never;
  }
}

type Claim = { claim: ClaimOutcome; preparation?: Preparation };

/** What is prepared is thrown away with `preparing`, also when the run is not ours after all. */
async function claimAndPrepare(
  context: JobContext,
  job: Job<RunJob>,
  preparing: AsyncDisposableStack,
  log: Logger,
): Promise<Claim> {
  const { runId, epoch } = job.data;
  const unanswered = context.unanswered.has(runId);
  let preparation: Preparation | undefined;
  const intend = (run: RunDocument, n: number) => {
    preparation = prepareAttempt(context, run, n, log);
    preparing.use(preparation);
    return commandOf(context, run, preparation.places);
  };
  try {
    const claim = await claimRun(context, { runId, epoch, workerId: context.workerId, unanswered, intend });
    context.unanswered.delete(runId);
    return { claim, ...(preparation && { preparation }) };
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
    log.warn({ error }, 'MongoDB is away: the run is not claimed, as far as is known');
    context.unanswered.add(runId);
    return { claim: { outcome: 'early', delayMs: DATABASE_AWAY_MS } };
  }
}

/** Resolves when the attempt has started, or cannot any more. */
async function spawned({ done }: Preparation): Promise<void> {
  await done.then(({ supervisor }) => supervisor.spawned).catch(() => undefined);
}

type Stage = { preparation: Preparation; log: Logger; onCompleted: () => void };

async function drive(context: JobContext, run: RunDocument, hold: Hold, stage: Stage): Promise<Verdict> {
  const { preparation, log } = stage;
  using turns = new DisposableStack();
  const onCompleted = async () => {
    stage.onCompleted();
    turns.use(await context.finishing.turn());
  };
  context.keeper.add(hold);
  context.onChange();
  let recorded = false;
  try {
    const { ending: told, known } = await executeAttempt(context, run, hold, { preparation, log, onCompleted });
    const ending = await settleBlame(told, context.health);
    const verdict = await recordEnding(context, run, hold, ending, known, log);
    recorded = true;
    log.info({ then: verdict.then, ...('why' in verdict && { why: verdict.why }) }, `attempt ${ending.kind}`);
    return verdict;
  } finally {
    context.keeper.remove(hold);
    context.onChange();
    // Of an end that nobody wrote the lease runs out, and with it the run comes forward again.
    if (recorded) void context.leases.release(hold).catch(() => undefined);
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
