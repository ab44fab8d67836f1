import { LIMITS } from '@das/contracts/limits';
import type { Submitter } from '@das/contracts/primitives';
import type { Fault } from '@das/contracts/problem';
import type { RouteSpec } from '@das/contracts/routes';
import type { Logger } from '@das/core/logging/logger';
import { idempotentCall } from '@das/core/mongo/idempotency';
import type { IdempotentCall } from '@das/core/mongo/idempotency';
import { z } from 'zod';
import { invalidRequest } from './api-problem.ts';
import type { CallBounds } from './deadline.ts';
import { parsePart } from './request-faults.ts';

/** A request as HTTP brought it; nothing of it is checked against the route yet. */
export type RawCall = {
  params: unknown;
  query: unknown;
  body: unknown;
  header: (name: string) => string | undefined;
  /** Of the caller: the address at the other end, and what it proved to be. */
  address: string;
  caller: Submitter;
  requestId: string;
  /** How long the answer may take. */
  bounds: CallBounds;
  log: Logger;
};

type Output<S, Else> = S extends z.ZodType ? z.output<S> : Else;
type Nothing = Record<string, never>;

/** A request that keeps to its route. */
export type Call<R extends RouteSpec> = Omit<RawCall, 'params' | 'query' | 'body'> & {
  params: Output<R['params'], Nothing>;
  query: Output<R['query'], Nothing>;
  body: Output<R['body'], undefined>;
  /** Null where the caller gave no `Idempotency-Key`. */
  idempotency: IdempotentCall | null;
};

/** Bytes of an answer that is not JSON. */
export type Content = string | Uint8Array | AsyncIterable<Uint8Array>;
export type AnyReply = { status: number; body?: unknown; content?: Content; headers?: Record<string, string> };

type ReplyWith<S extends number, A> = A extends { schema: infer Z extends z.ZodType }
  ? { status: S; body: z.input<Z>; headers?: Record<string, string> }
  : A extends { contentType: string }
    ? { status: S; content: Content; headers?: Record<string, string> }
    : { status: S; headers?: Record<string, string> };

/** One of the answers that the route declares. */
export type Reply<R extends RouteSpec> = {
  [S in keyof R['answers'] & number]: ReplyWith<S, R['answers'][S]>;
}[keyof R['answers'] & number];

export type Endpoint = { route: RouteSpec; handle: (raw: RawCall) => Promise<AnyReply> };

/** Faults that a schema cannot know (paths, Spark settings); `body` may be anything. */
export type BodyCheck = (body: unknown) => Fault[];

const NOTHING = z.strictObject({});
/** A route without a body takes an empty object, too. */
const NO_BODY = NOTHING.optional().transform(() => undefined);

/**
 * Joins a route with what it does: `implement(ROUTES.getRun)(async ({ params }) => …)`. The request is parsed by the contract's
 * schemas, and all its faults are told at once. (Two calls, so that the handler's types follow from the route alone.)
 */
export function implement<const R extends RouteSpec>(route: R) {
  return (handler: (call: Call<R>) => Promise<Reply<R>>, checkBody: BodyCheck = () => []): Endpoint => ({
    route,
    handle: async (raw) => handler(parseCall(route, raw, checkBody)),
  });
}

function parseCall<R extends RouteSpec>(route: R, raw: RawCall, checkBody: BodyCheck): Call<R> {
  const params = parsePart(route.params ?? NOTHING, raw.params, 'params');
  const query = parsePart(route.query ?? NOTHING, raw.query, 'query');
  const body = parsePart(route.body ?? NO_BODY, raw.body, 'body');
  const key = raw.header('idempotency-key');
  if (!body.ok && raw.body === undefined) body.faults = [{ path: 'body', message: 'a JSON body is needed' }];
  const faults = [params, query, body].flatMap((part) => (part.ok ? [] : part.faults));
  if (key !== undefined) faults.push(...keyFaults(route, key));
  const told = new Set(faults.map(({ path }) => path));
  faults.push(...checkBody(raw.body).filter(({ path }) => !told.has(path)));
  if (!params.ok || !query.ok || !body.ok || faults.length > 0) throw invalidRequest(faults);

  const asked = { params: params.value, query: query.value, body: raw.body ?? null };
  const idempotency =
    key === undefined ? null : idempotentCall(`${route.method} ${route.path}`, raw.caller.id, key, asked);
  return { ...raw, params: params.value, query: query.value, body: body.value, idempotency } as unknown as Call<R>;
}

function keyFaults(route: RouteSpec, key: string): Fault[] {
  if (!route.idempotent) return [];
  const path = 'header.Idempotency-Key';
  const fits = key.length <= LIMITS.idempotencyKeyChars && /^[\x21-\x7e]+$/.test(key);
  return fits ? [] : [{ path, message: `must be 1–${LIMITS.idempotencyKeyChars} visible ASCII characters` }];
}
