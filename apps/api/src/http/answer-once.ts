import { AlreadyAnswered } from '@das/core/mongo/idempotency';
import type { Idempotency, IdempotentCall, RememberedAnswer } from '@das/core/mongo/idempotency';
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
  return idempotency.afterTwins(call, () => answerFirst(idempotency, call, act));
}

async function answerFirst<T extends AnyReply>(
  idempotency: Idempotency,
  call: IdempotentCall,
  act: (remember: Remember) => Promise<T>,
): Promise<T> {
  const earlier = await idempotency.recall(call);
  if (earlier) return replay(earlier);
  try {
    return await act((reply, session) => idempotency.remember(call, toRemember(reply), session));
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
function replay<T extends AnyReply>({ location, body }: RememberedAnswer): T {
  return { status: 200, body, headers: location === undefined ? {} : { Location: location } } as T;
}
