import { MongoBulkWriteError } from 'mongodb';
import type { ClientSession } from 'mongodb';
import { Coalescer, Failed } from '../domain/coalescer.ts';
import { sha256Of } from '../domain/version.ts';
import type { Database } from './database.ts';
import type { IdempotencyDocument, RunDocument } from './documents.ts';
import { DUPLICATE_KEY, isDuplicateKey, translateMongoErrors } from './errors.ts';

/** One call under an `Idempotency-Key`: what it is remembered by, and what was asked. */
export type IdempotentCall = { id: string; bodyHash: string };
/** A successful answer, to be given again. */
export type RememberedAnswer = { status: number; location?: string | undefined; body: unknown };
/** `unsettled`: the run that it tells of, where nobody has said yet that it is stored. */
export type RecalledAnswer = RememberedAnswer & { unsettled: RunDocument | null };

/** The key was used before, to ask for something else. */
export class IdempotencyConflict extends Error {
  override name = 'IdempotencyConflict';
  constructor() {
    super('this Idempotency-Key was used with another request to the same route within the last 24 hours');
  }
}

/** Somebody else's call with the same key was answered first: recall that answer. */
export class AlreadyAnswered extends Error {
  override name = 'AlreadyAnswered';
}

/** Keys are scoped to route and submitter; `asked` is the whole of what was asked (parameters, query, body). */
export function idempotentCall(route: string, submitter: string, key: string, asked: unknown): IdempotentCall {
  return { id: sha256Of(JSON.stringify([route, submitter, key])), bodyHash: sha256Of(JSON.stringify(asked)) };
}

/** Answers kept for a day, so that a call that is made again acts once. */
export class Idempotency {
  readonly #db: Database;
  /** By call: the one that this process works on now. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  readonly #recalls: Coalescer<string, IdempotencyDocument | null>;
  readonly #claims: Coalescer<IdempotencyDocument, null>;
  readonly #settlements: Coalescer<string, null>;
  /** What this process knows to be stored, and MongoDB not yet. */
  readonly #settling = new Set<string>();

  constructor(db: Database) {
    this.#db = db;
    this.#recalls = new Coalescer((ids) => recallEach(db, ids));
    this.#claims = new Coalescer((claims) => claimEach(db, claims));
    this.#settlements = new Coalescer((ids) => settleEach(db, ids));
  }

  /**
   * Runs `work` once this process is done with an earlier call under the same key: fifty twins at once would only meet in
   * each other's transactions until their time is over. Across processes the transactions decide.
   */
  async afterTwins<T>({ id }: IdempotentCall, work: () => Promise<T>): Promise<T> {
    const twin = this.#underWay.get(id);
    if (twin) {
      await twin.catch(() => undefined); // its caller is told
      return work();
    }
    const mine = work();
    this.#underWay.set(id, mine);
    return mine.finally(() => this.#underWay.delete(id));
  }

  /** The first answer to this call, null if there was none. Throws IdempotencyConflict. */
  async recall({ id, bodyHash }: IdempotentCall): Promise<RecalledAnswer | null> {
    const found = await this.#recalls.add(id);
    if (!found) return null;
    if (found.bodyHash !== bodyHash) throw new IdempotencyConflict();
    const { status, location, body } = found.answer;
    return {
      status,
      location,
      body: JSON.parse(body as string),
      unsettled: this.#settling.has(id) ? null : (found.run ?? null),
    };
  }

  /**
   * Keeps an answer, in the transaction of what it answers for. The body is stored as JSON text: its keys may be any.
   * Throws AlreadyAnswered when the same key came in twice at once.
   */
  async remember(call: IdempotentCall, answer: RememberedAnswer, session?: ClientSession): Promise<void> {
    try {
      await this.#db.idempotency.insertOne(this.#document(call, answer), session ? { session } : {});
    } catch (error) {
      throw isDuplicateKey(error) ? alreadyAnswered(error) : error;
    }
  }

  /**
   * Keeps an answer before the run that it tells of is stored, and that run with it: if this process dies in between, whoever comes
   * with the same key stores the very same run. `settle` once it is stored. Throws AlreadyAnswered.
   */
  async claim(call: IdempotentCall, answer: RememberedAnswer, run: RunDocument, signal?: AbortSignal): Promise<void> {
    await this.#claims.add({ ...this.#document(call, answer), run }, signal);
  }

  /** The run is stored. Nobody waits for this: it spares a later caller a look, and the record a copy. */
  settle({ id }: IdempotentCall): void {
    this.#settling.add(id);
    void this.#settlements
      .add(id)
      .catch(() => undefined)
      .finally(() => this.#settling.delete(id));
  }

  #document({ id, bodyHash }: IdempotentCall, { status, location, body }: RememberedAnswer): IdempotencyDocument {
    const answer = { status, body: JSON.stringify(body), ...(location === undefined ? {} : { location }) };
    return { _id: id, bodyHash, answer, at: this.#db.clock.now() };
  }
}

function alreadyAnswered(cause: unknown): AlreadyAnswered {
  return new AlreadyAnswered('the same call was answered meanwhile', { cause });
}

async function recallEach(db: Database, ids: string[]): Promise<(IdempotencyDocument | null)[]> {
  const found = await translateMongoErrors(() => db.idempotency.find({ _id: { $in: [...new Set(ids)] } }).toArray());
  const byId = new Map(found.map((document) => [document._id, document]));
  return ids.map((id) => byId.get(id) ?? null);
}

async function claimEach(db: Database, claims: IdempotencyDocument[]): Promise<(null | Failed)[]> {
  const results: (null | Failed)[] = claims.map(() => null);
  try {
    await translateMongoErrors(() => db.idempotency.insertMany(claims, { ordered: false }));
  } catch (error) {
    const faults = error instanceof MongoBulkWriteError ? [error.writeErrors].flat() : [];
    if (!(error instanceof MongoBulkWriteError) || faults.length === 0 || error.result.getWriteConcernError())
      throw error;
    for (const fault of faults) {
      results[fault.index] = new Failed(fault.code === DUPLICATE_KEY ? alreadyAnswered(fault) : fault);
    }
  }
  return results;
}

async function settleEach(db: Database, ids: string[]): Promise<null[]> {
  await db.idempotency.updateMany({ _id: { $in: ids } }, { $unset: { run: '' } }, { writeConcern: { w: 1 } });
  return ids.map(() => null);
}
