import type { ClientSession } from 'mongodb';
import { sha256Of } from '../domain/version.ts';
import type { Database } from './database.ts';
import { isDuplicateKey } from './errors.ts';

/** One call under an `Idempotency-Key`: what it is remembered by, and what was asked. */
export type IdempotentCall = { id: string; bodyHash: string };
/** A successful answer, to be given again. */
export type RememberedAnswer = { status: number; location?: string | undefined; body: unknown };

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

  constructor(db: Database) {
    this.#db = db;
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
  async recall({ id, bodyHash }: IdempotentCall): Promise<RememberedAnswer | null> {
    const found = await this.#db.idempotency.findOne({ _id: id });
    if (!found) return null;
    if (found.bodyHash !== bodyHash) throw new IdempotencyConflict();
    const { status, location, body } = found.answer;
    return { status, location, body: JSON.parse(body as string) };
  }

  /**
   * Keeps an answer, in the transaction of what it answers for. The body is stored as JSON text: its keys may be any.
   * Throws AlreadyAnswered when the same key came in twice at once.
   */
  async remember(
    { id, bodyHash }: IdempotentCall,
    { status, location, body }: RememberedAnswer,
    session?: ClientSession,
  ): Promise<void> {
    const answer = { status, body: JSON.stringify(body), ...(location === undefined ? {} : { location }) };
    try {
      await this.#db.idempotency.insertOne(
        { _id: id, bodyHash, answer, at: this.#db.clock.now() },
        session ? { session } : {},
      );
    } catch (error) {
      if (isDuplicateKey(error)) throw new AlreadyAnswered('the same call was answered meanwhile', { cause: error });
      throw error;
    }
  }
}
