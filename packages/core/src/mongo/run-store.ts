import { LIMITS } from '@das/contracts/limits';
import { isTerminal } from '@das/contracts/states';
import type { RunState } from '@das/contracts/states';
import type { ClientSession, UpdateFilter } from 'mongodb';
import { Coalescer } from '../domain/coalescer.ts';
import { cancelTransition, TRANSITIONS } from '../domain/transitions.ts';
import type { TransitionName } from '../domain/transitions.ts';
import type { Database } from './database.ts';
import type { AttemptDocument, EventDocument, RunDocument } from './documents.ts';
import { translateMongoErrors } from './errors.ts';
import { reflectEnds, reflectSubmission } from './run-consequences.ts';

/** Events kept in a run; a run that is lost a thousand times loses its oldest ones. */
const EVENTS_KEPT = 1000;
/** Bytes of all commands in a run, which may be 100 KiB each: MongoDB takes documents of up to 16 MB, and the rest of a run is small. */
const COMMANDS_BYTES = 6 * 1024 * 1024;
/** How long ends gather for the write behind them. */
const GATHER_MS = 50;

/** A transition to apply: which, on what, by whom and why. */
export type Move = {
  name: TransitionName;
  runId: string;
  /** The state it was read in. */
  from: RunState;
  /** The token its holder got; anything else in the database means somebody else holds the run. */
  fencingToken: number;
  actor: string;
  reason: string;
  set?: Partial<RunDocument>;
  inc?: Partial<Record<'failures' | 'losses' | 'workerLosses' | 'epoch' | 'fencingToken' | 'attemptCount', number>>;
  /** Changes of the attempt `n`. */
  attempt?: { n: number; set: Partial<AttemptDocument> };
  pushAttempt?: AttemptDocument;
};

export type CancelOutcome =
  { outcome: 'not_found' } | { outcome: 'cancelled' | 'cancelling' | 'already' | 'ended'; run: RunDocument };

/**
 * Runs as they are stored. Every change of state goes through `move`: one compare-and-set on
 * `{_id, state, fencingToken}` that raises `seq` and appends its event in the same write.
 */
export class RunStore {
  readonly #db: Database;
  readonly #waitsForConsequences: boolean;
  readonly #ends: Coalescer<RunDocument, null>;
  readonly #reflecting = new Set<Promise<unknown>>();

  /**
   * `behind`: what follows from ends is written after `move` has answered, that of several ends together; see `settle`. What fails of
   * it is mended.
   */
  constructor(db: Database, consequences: 'awaited' | 'behind' = 'awaited') {
    this.#db = db;
    this.#waitsForConsequences = consequences === 'awaited';
    this.#ends = Coalescer.whole((runs) => translateMongoErrors(() => reflectEnds(db, runs)), {
      gatherMs: this.#waitsForConsequences ? 0 : GATHER_MS,
    });
  }

  /** Resolves when what follows from the ends so far is written, or was tried. */
  async settle(): Promise<void> {
    await Promise.all(this.#reflecting);
  }

  /** Stores new runs; in the caller's transaction where a session is given (then call `reflect` after its commit). */
  async insert(runs: RunDocument[], session?: ClientSession): Promise<void> {
    await translateMongoErrors(async () => {
      await this.#db.runs.insertMany(runs, session ? { session, ordered: true } : { ordered: true });
      if (!session) await this.reflect(runs);
    });
  }

  /** Tells the scripts of newly stored runs that they run. */
  async reflect(runs: readonly RunDocument[]): Promise<void> {
    await translateMongoErrors(() => reflectSubmission(this.#db, runs));
  }

  async find(id: string): Promise<RunDocument | null> {
    return translateMongoErrors(() => this.#db.runs.findOne({ _id: id }));
  }

  /**
   * Applies a transition. Null: the run is not in that state under that token any more, so the caller holds
   * nothing and has to look again. What follows from an end (script status, launch) is done here, too.
   */
  async move(move: Move): Promise<RunDocument | null> {
    const rule = TRANSITIONS[move.name];
    if (!(rule.from as readonly RunState[]).includes(move.from)) {
      throw new TypeError(`${move.name} is not a transition from ${move.from}`);
    }
    const run = await translateMongoErrors(() =>
      this.#db.runs.findOneAndUpdate(
        { _id: move.runId, state: move.from, fencingToken: move.fencingToken },
        this.#update(move, rule.to),
        {
          returnDocument: 'after',
          ...(move.attempt && { arrayFilters: [{ 'attempt.n': move.attempt.n }] }),
        },
      ),
    );
    if (run && isTerminal(run.state)) await this.#reflectEnd(run);
    return run;
  }

  async #reflectEnd(run: RunDocument): Promise<void> {
    const reflecting = this.#ends.add(run);
    if (this.#waitsForConsequences) return void (await reflecting);
    const tried = reflecting.catch(() => null).finally(() => this.#reflecting.delete(tried)); // mendConsequences
    this.#reflecting.add(tried);
  }

  #update(move: Move, to: RunState): UpdateFilter<RunDocument> {
    const now = this.#db.clock.now();
    const event: EventDocument = {
      at: now, actor: move.actor, type: move.name, from: move.from, to, reason: move.reason,
    }; // prettier-ignore
    const ended = isTerminal(to) ? { finishedAt: now, workerId: null, nextAttemptAt: null, waiting: null } : {};
    return {
      $set: { ...ended, ...move.set, state: to, ...attemptFields(move.attempt?.set) },
      $inc: { ...move.inc, seq: 1 },
      $push: {
        events: pushed(event),
        ...(move.pushAttempt && { attempts: { $each: [move.pushAttempt], $slice: -attemptsKept(move.pushAttempt) } }),
      },
    } as UpdateFilter<RunDocument>;
  }

  /** Changes what is known of the running attempt `n`; false when its caller no longer holds the run. */
  async noteAttempt(
    held: { runId: string; fencingToken: number; n: number },
    set: Partial<AttemptDocument>,
    run: Partial<RunDocument> = {},
  ): Promise<boolean> {
    const result = await translateMongoErrors(() =>
      this.#db.runs.updateOne(
        { _id: held.runId, fencingToken: held.fencingToken, state: { $in: ['running', 'cancelling'] } },
        { $set: { ...run, ...attemptFields(set) }, $inc: { seq: 1 } } as UpdateFilter<RunDocument>,
        { arrayFilters: [{ 'attempt.n': held.n }] },
      ),
    );
    return result.matchedCount === 1;
  }

  /** Says why a queued run waits; ignored once it is something else. */
  async noteWaiting(
    ids: readonly string[],
    waiting: { reason: 'queue_unavailable'; detail: string } | null,
  ): Promise<void> {
    const set = { waiting: waiting && { ...waiting, since: this.#db.clock.now() } };
    await translateMongoErrors(() =>
      this.#db.runs.updateMany({ _id: { $in: [...ids] }, state: 'queued' }, { $set: set, $inc: { seq: 1 } }),
    );
  }

  /** Tells the history of runs that wait what was done about their job. */
  async noteDispatch(ids: readonly string[], reason: string): Promise<void> {
    const at = this.#db.clock.now();
    await translateMongoErrors(async () => {
      for (const state of ['queued', 'retrying'] as const) {
        await this.#db.runs.updateMany(
          { _id: { $in: [...ids] }, state },
          { $inc: { seq: 1 }, $push: { events: pushed(dispatchEvent(at, state, reason)) } },
        );
      }
    });
  }

  /**
   * Gives a run that waits another epoch, so that the job it has is obsolete wherever that is; null when the run has
   * gone on meanwhile. The caller enqueues it.
   */
  async renewEpoch(run: Pick<RunDocument, '_id' | 'epoch' | 'state'>, reason: string): Promise<RunDocument | null> {
    const event = dispatchEvent(this.#db.clock.now(), run.state, reason);
    return translateMongoErrors(() =>
      this.#db.runs.findOneAndUpdate(
        { _id: run._id, state: run.state, epoch: run.epoch },
        { $inc: { epoch: 1, seq: 1 }, $push: { events: pushed(event) } },
        { returnDocument: 'after' },
      ),
    );
  }

  /**
   * Cancels what waits at once, and asks for the end of what runs: `cancelling` until its processes are dead.
   * `already`: it is cancelling or cancelled; `ended`: too late.
   */
  async requestCancel(id: string, actor: string): Promise<CancelOutcome> {
    for (;;) {
      const run = await this.find(id);
      if (!run) return { outcome: 'not_found' };
      if (run.state === 'cancelling' || run.state === 'cancelled') return { outcome: 'already', run };
      const name = cancelTransition(run.state);
      if (!name) return { outcome: 'ended', run };
      const moved = await this.move({
        name, runId: id, from: run.state, fencingToken: run.fencingToken, actor, reason: 'cancel requested',
        // Raised, so that a claim which read the run before finds nothing.
        ...(name === 'cancelWaiting' && { inc: { fencingToken: 1 } }),
      }); // prettier-ignore
      if (moved) return { outcome: moved.state === 'cancelled' ? 'cancelled' : 'cancelling', run: moved };
    }
  }
}

/** Of a run that is tried again and again its oldest attempts are dropped; sooner where its command is long. */
function attemptsKept({ command }: AttemptDocument): number {
  const bytes = command.reduce((sum, argument) => sum + Buffer.byteLength(argument) + 16, 0);
  return Math.max(1, Math.min(LIMITS.attemptsKept, Math.floor(COMMANDS_BYTES / bytes)));
}

function pushed(event: EventDocument) {
  return { $each: [event], $slice: -EVENTS_KEPT };
}

function dispatchEvent(at: Date, state: RunState, reason: string): EventDocument {
  return { at, actor: 'reconciler', type: 'enqueue', from: state, to: state, reason };
}

/** Update fields of one attempt; an end closes the claim that was open. */
function attemptFields(set: Partial<AttemptDocument> = {}): Record<string, unknown> {
  const fields = Object.entries(set).map(([field, value]) => [`attempts.$[attempt].${field}`, value]);
  if (set.finishedAt) fields.push(['attempts.$[attempt].claims.$[].to', set.finishedAt]);
  return Object.fromEntries(fields);
}
