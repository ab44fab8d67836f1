import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure } from '@das/contracts/run';
import { decideRetry, lossDelayMs, retryDelayMs } from '@das/core/domain/retry-policy';
import type { Logger } from '@das/core/logging/logger';
import type { Database } from '@das/core/mongo/database';
import type { AttemptDocument, RunDocument } from '@das/core/mongo/documents';
import { isDatabaseAway } from '@das/core/mongo/errors';
import type { Move, RunStore } from '@das/core/mongo/run-store';
import type { Ending } from './ending.ts';
import type { Hold } from './hold.ts';

/** What BullMQ is to do with the job of an attempt that has ended. */
export type Verdict =
  | { then: 'done' }
  /** A failure with a retry left: BullMQ's backoff, with the delay that is stored as `nextAttemptAt`. */
  | { then: 'retry'; delayMs: number; why: string }
  | { then: 'fail'; why: string }
  /** A loss: delayed without using up an attempt. */
  | { then: 'delay'; delayMs: number };

type Stores = { db: Database; runs: RunStore; maxLosses: number };

/**
 * Writes an attempt's end into the run, with what else is `known` of it. MongoDB away: tries until it answers or the run is somebody else's. A
 * cancel that came at the last moment wins over the end; a lease that is lost wins over everything.
 */
export async function recordEnding(
  stores: Stores,
  run: RunDocument,
  hold: Hold,
  ending: Ending,
  known: Partial<AttemptDocument>,
  log: Logger,
): Promise<Verdict> {
  if (ending.kind === 'superseded') return { then: 'done' };
  for (let tries = 0; ; tries += 1) {
    try {
      return await record(stores, run, hold, ending, known);
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      if (tries === 0) log.warn({ error }, 'the end of the attempt waits for MongoDB');
      if (hold.reason === 'superseded') return { then: 'done' };
      // Often: what is written before the lease is over needs nobody else to find out.
      await sleep(Math.min(250 * 2 ** tries, 1000));
    }
  }
}

async function record(
  stores: Stores,
  run: RunDocument,
  hold: Hold,
  ending: Exclude<Ending, { kind: 'superseded' }>,
  known: Partial<AttemptDocument>,
): Promise<Verdict> {
  const now = stores.db.clock.now();
  const { move, verdict } = plan(stores, run, hold, ending, { ...known, finishedAt: now });
  if (await stores.runs.move(move)) return verdict;
  // Not running any more under our token: cancelled meanwhile, or taken away.
  const current = await stores.runs.find(run._id);
  if (current?.state === 'cancelling' && current.fencingToken === hold.fencingToken && ending.kind !== 'cancelled') {
    return record(stores, run, hold, { kind: 'cancelled', exit: 'exit' in ending ? ending.exit : null }, known);
  }
  return { then: 'done' };
}

function plan(
  stores: Stores,
  run: RunDocument,
  hold: Hold,
  ending: Exclude<Ending, { kind: 'superseded' }>,
  end: Partial<AttemptDocument> & { finishedAt: Date },
): { move: Move; verdict: Verdict } {
  const actor = `worker ${run.workerId ?? ''}`;
  const base = { runId: run._id, from: 'running' as const, fencingToken: hold.fencingToken, actor };
  const exit = 'exit' in ending && ending.exit ? { exitCode: ending.exit.code, signal: ending.exit.signal } : {};
  const attempt = (set: Partial<AttemptDocument>) => ({ n: hold.attempt, set: { ...end, ...exit, ...set } });
  switch (ending.kind) {
    case 'completed':
      return {
        move: {
          ...base,
          name: 'complete',
          reason: 'exit code 0',
          attempt: attempt({ state: 'completed' }),
          set: { result: ending.result },
        },
        verdict: { then: 'done' },
      };
    case 'cancelled':
      return {
        move: {
          ...base,
          name: 'confirmCancel',
          from: 'cancelling',
          reason: 'no process of it lives',
          attempt: attempt({ state: 'cancelled' }),
        },
        verdict: { then: 'done' },
      };
    case 'failed':
      return planFailure(run, ending, base, attempt, end.finishedAt);
    case 'lost':
      return planLoss(stores, run, ending, base, attempt, end.finishedAt);
    default:
      return ending satisfies never;
  }
}

type Base = Pick<Move, 'runId' | 'from' | 'fencingToken' | 'actor'>;
type AttemptChange = (set: Partial<AttemptDocument>) => NonNullable<Move['attempt']>;

function planFailure(
  run: RunDocument,
  ending: Ending & { kind: 'failed' },
  base: Base,
  attempt: AttemptChange,
  now: Date,
): { move: Move; verdict: Verdict } {
  const failures = run.failures + 1;
  const decision = decideRetry(run.retries, failures, ending.failure.kind);
  const inc = { failures: 1 };
  if (decision.retry) {
    const delayMs = retryDelayMs(run.retries, failures);
    const detail = `Attempt ${run.attemptCount} failed (${ending.failure.summary}); retry ${failures} of ${run.retries.max}.`;
    const set = {
      nextAttemptAt: new Date(now.getTime() + delayMs),
      waiting: { reason: 'backoff' as const, since: now, detail },
      workerId: null,
    };
    return {
      move: {
        ...base,
        name: 'retry',
        reason: ending.failure.summary,
        attempt: attempt({ state: 'failed', failure: ending.failure }),
        inc,
        set,
      },
      verdict: { then: 'retry', delayMs, why: ending.failure.summary },
    };
  }
  const failure: Failure = { ...ending.failure, ...(decision.notRetried && { notRetried: decision.notRetried }) };
  return {
    move: {
      ...base,
      name: 'fail',
      reason: failure.summary,
      attempt: attempt({ state: 'failed', failure }),
      inc,
      set: { failure, result: ending.result },
    },
    verdict: { then: 'fail', why: failure.summary },
  };
}

function planLoss(
  stores: Stores,
  run: RunDocument,
  ending: Ending & { kind: 'lost' },
  base: Base,
  attempt: AttemptChange,
  now: Date,
): { move: Move; verdict: Verdict } {
  const { loss } = ending;
  const workerLosses = ending.counts === 'always' ? 1 : 0;
  const change = attempt({ state: 'lost', loss });
  const inc = { losses: 1, workerLosses };
  if (workerLosses > 0 && run.workerLosses + 1 >= stores.maxLosses) {
    const failure: Failure = {
      kind: 'too_many_losses',
      summary: `${run.workerLosses + 1} attempts were lost (MAX_LOSSES ${stores.maxLosses}). The last: ${loss.summary}`,
      excerpt: '',
    };
    return {
      move: { ...base, name: 'fail', reason: failure.summary, attempt: change, inc, set: { failure } },
      verdict: { then: 'fail', why: failure.summary },
    };
  }
  const delayMs = loss.kind === 'drained' ? 0 : lossDelayMs(run.losses + 1);
  const reason = loss.kind === 'hdfs_unavailable' ? ('hdfs_unavailable' as const) : ('recovering' as const);
  const set = {
    nextAttemptAt: new Date(now.getTime() + delayMs),
    waiting: { reason, since: now, detail: loss.summary },
    workerId: null,
  };
  return {
    move: { ...base, name: 'lose', reason: loss.summary, attempt: change, inc, set },
    verdict: { then: 'delay', delayMs },
  };
}
