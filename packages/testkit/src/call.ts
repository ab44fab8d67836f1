import { deepStrictEqual } from 'node:assert';
import { problemSchema } from '@das/contracts/problem';
import type { Problem } from '@das/contracts/problem';
import { ROUTES } from '@das/contracts/routes';
import type { RouteName, RouteSpec } from '@das/contracts/routes';
import type { z } from 'zod';

type Route<N extends RouteName> = (typeof ROUTES)[N];
type Input<R, K extends string> = R extends Record<K, infer S extends z.ZodType> ? z.input<S> : undefined;
type ResultOf<A> = A extends { schema: infer S extends z.ZodType } ? z.output<S> : string;

export type CallOptions<N extends RouteName> = {
  params?: Record<string, string | number>;
  query?: Record<string, string | number | boolean>;
  body?: Input<Route<N>, 'body'>;
  headers?: Record<string, string>;
};
export type Reply<N extends RouteName> = {
  status: number;
  headers: Headers;
  /** Parsed by the route's schema; the text of an answer that is no JSON. Typed as what an action answers first. */
  body: Route<N>['answers'] extends { 202: infer A }
    ? ResultOf<A>
    : ResultOf<Route<N>['answers'][keyof Route<N>['answers']]>;
};
export type ProblemReply = { status: number; headers: Headers; problem: Problem };

/** The API answered with a problem where the test expected none. */
export class ProblemAnswered extends Error {
  override name = 'ProblemAnswered';
  readonly reply: ProblemReply;
  constructor(what: string, reply: ProblemReply) {
    super(`${what} answered ${reply.status}: ${JSON.stringify(reply.problem)}`);
    this.reply = reply;
  }
}

/** Calls one API by the names of the route table. Every answer is held against the contract: nothing missing, nothing more. */
export class ApiClient {
  readonly url: string;
  readonly #headers: Record<string, string>;

  constructor(url: string, headers: Record<string, string> = {}) {
    this.url = url;
    this.#headers = headers;
  }

  /** The same API as somebody else: `Authorization`, `X-DAS-Submitter`, … */
  with(headers: Record<string, string>): ApiClient {
    return new ApiClient(this.url, { ...this.#headers, ...headers });
  }

  /** An answer that the route declares. Throws ProblemAnswered for a problem. */
  async call<N extends RouteName>(name: N, options: CallOptions<N> = {}): Promise<Reply<N>> {
    const response = await this.fetch(name, options);
    if (isProblem(response)) throw new ProblemAnswered(name, await readProblem(response));
    return {
      status: response.status,
      headers: response.headers,
      body: (await readAnswer(name, response)) as Reply<N>['body'],
    };
  }

  /** A problem, as every refusal is told. Throws where the call succeeded. */
  async refused<N extends RouteName>(
    name: N,
    options: Omit<CallOptions<N>, 'body'> & { body?: unknown } = {},
  ): Promise<ProblemReply> {
    return this.refusedRaw(await this.fetch(name, options));
  }

  async refusedRaw(answer: Response | Promise<Response>): Promise<ProblemReply> {
    const response = await answer;
    if (isProblem(response)) return readProblem(response);
    throw new Error(`${response.url} answered ${response.status}, no problem: ${await response.text()}`);
  }

  /** As it is, for bytes and for what is no valid request. */
  fetch<N extends RouteName>(
    name: N,
    { params = {}, query = {}, body, headers = {} }: Omit<CallOptions<N>, 'body'> & { body?: unknown } = {},
  ): Promise<Response> {
    const route: RouteSpec = ROUTES[name];
    const path = route.path.replaceAll(/:(\w+)/g, (_, key: string) => encodeURIComponent(String(params[key])));
    const search = new URLSearchParams(
      Object.entries(query).map(([key, value]): [string, string] => [key, String(value)]),
    );
    return this.raw(route.method, `${path}${search.size > 0 ? `?${search}` : ''}`, {
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    });
  }

  raw(method: string, path: string, init: Omit<RequestInit, 'method'> = {}): Promise<Response> {
    const headers = { ...this.#headers, ...(init.headers as Record<string, string> | undefined) };
    return fetch(new URL(path, this.url), { ...init, method, headers, signal: AbortSignal.timeout(30_000) });
  }
}

function isProblem(response: Response): boolean {
  return (response.headers.get('content-type') ?? '').startsWith('application/problem+json');
}

async function readProblem(response: Response): Promise<ProblemReply> {
  const problem = exactly(problemSchema, await response.json(), 'a problem');
  deepStrictEqual(problem.status, response.status);
  deepStrictEqual(response.headers.get('x-request-id'), problem.requestId);
  return { status: response.status, headers: response.headers, problem };
}

async function readAnswer(name: RouteName, response: Response): Promise<unknown> {
  const route: RouteSpec = ROUTES[name];
  const answer = route.answers[response.status];
  if (!answer)
    throw new Error(`${name} answered ${response.status}, which it does not declare: ${await response.text()}`);
  const type = response.headers.get('content-type') ?? '';
  const text = await response.text();
  if (answer.schema) {
    if (!type.startsWith('application/json')) throw new Error(`${name} answered "${type}", not JSON`);
    return exactly(answer.schema, JSON.parse(text), name);
  }
  if (answer.contentType && !type.startsWith(answer.contentType))
    throw new Error(`${name} answered "${type}", not ${answer.contentType}`);
  if (!answer.contentType && text !== '') throw new Error(`${name} answered a body where it declares none`);
  return text;
}

/** Valid, and without anything that the schema does not know. */
function exactly<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    throw new Error(`${what} breaks the contract: ${parsed.error.message}\n${JSON.stringify(value)}`);
  deepStrictEqual(value, parsed.data, `${what} holds what the contract does not know`);
  return parsed.data;
}
