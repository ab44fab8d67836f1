import { AlreadyAnswered } from '@das/core/mongo/idempotency';
import type { Idempotency, IdempotentCall, RecalledAnswer, RememberedAnswer } from '@das/core/mongo/idempotency';
import type { RunDocument } from '@das/core/mongo/documents';
import type { ClientSession } from 'mongodb';
import type { AnyReply } from './implement.ts';

/** Stores the answer under the call's key; in the transaction of the deed where there is one. */
export type Remember = (reply: AnyReply, session?: ClientSession) => Promise<void>;

/**
 * Acts, or gives the first answer again (as 200) when the same key and request came before.
 * `act` calls `remember` before it answers.
 */
export async function answerOnce<T extends AnyReply>(
  idempotency: Idempotency,
  call: IdempotentCall | null,
  act: (remember: Remember) => Promise<T>,
): Promise<T> {
  if (!call) return act(async () => undefined);
  const remember: Remember = (reply, session) => idempotency.remember(call, toRemember(reply), session);
  return idempotency.afterTwins(call, () => answerFirst<T>(idempotency, call, () => act(remember)));
}

/** A run that is to be stored, and the answer that tells of it. */
export type Acceptable<T> = { run: RunDocument; reply: () => Promise<T> };

/**
 * The same for a call that stores one run, without a transaction: answer and run are remembered first, then the run is stored by
 * `accept`. Where that was not seen to the end (the process died, MongoDB went away), the next call with this key does it.
 */
export async function acceptOnce<T extends AnyReply>(
  idempotency: Idempotency,
  call: IdempotentCall | null,
  prepare: () => Promise<Acceptable<T>>,
  accept: (run: RunDocument) => Promise<void>,
): Promise<T> {
  if (!call) {
    const { run, reply } = await prepare();
    const answer = await reply();
    await accept(run);
    // It is stored: where what it waits for cannot be told, the answer goes without.
    return run.waiting ? reply().catch(() => answer) : answer;
  }
  const settle = async (run: RunDocument) => {
    await accept(run);
    idempotency.settle(call);
  };
  const act = async () => {
    const { run, reply } = await prepare();
    const answer = await reply();
    await idempotency.claim(call, toRemember(answer), run);
    await settle(run);
    return answer;
  };
  return idempotency.afterTwins(call, () => answerFirst(idempotency, call, act, settle));
}

async function answerFirst<T extends AnyReply>(
  idempotency: Idempotency,
  call: IdempotentCall,
  act: () => Promise<T>,
  settle?: (run: RunDocument) => Promise<void>,
): Promise<T> {
  const replay = async (earlier: RecalledAnswer): Promise<T> => {
    if (earlier.unsettled) await settle?.(earlier.unsettled);
    return again<T>(earlier);
  };
  const earlier = await idempotency.recall(call);
  if (earlier) return replay(earlier);
  try {
    return await act();
  } catch (error) {
    const answered = error instanceof AlreadyAnswered ? await idempotency.recall(call) : null;
    if (!answered) throw error;
    return replay(answered);
  }
}

function toRemember({ status, body, headers }: AnyReply): RememberedAnswer {
  return { status, location: headers?.['Location'], body };
}

/** It has the shape of the first answer, which was a `T`. */
function again<T extends AnyReply>({ location, body }: RememberedAnswer): T {
  return { status: 200, body, headers: location === undefined ? {} : { Location: location } } as T;
}
