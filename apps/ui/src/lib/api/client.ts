import type { Problem } from '@das/contracts/problem';
import { session } from '../session/session.svelte.ts';
import { ApiError } from './error.ts';

export type Page<T> = { items: T[]; nextCursor: string | null };
export type Query = Record<string, string | number | boolean | undefined | null>;
export type CallOptions = {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** See {@link newKey}. */
  idempotencyKey?: string;
  headers?: Record<string, string>;
};

/** The API answers within 3 s whatever is down; who waits longer waits for a lost connection. */
const DEADLINE_MS = 20_000;

/** A fresh Idempotency-Key; works without a secure context, too. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** `?a=1&b=2`, without what is undefined, null or empty. */
export function queryString(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text ? `?${text}` : '';
}

/**
 * One call of the API.
 * @throws ApiError with the server's problem, or `unreachable`; a DOMException (AbortError) when `signal` aborts.
 */
export async function respond(method: string, path: string, options: CallOptions = {}): Promise<Response> {
  const headers: Record<string, string> = { ...options.headers };
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  if (options.idempotencyKey) headers['Idempotency-Key'] = options.idempotencyKey;
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const init: RequestInit = {
    method,
    headers,
    credentials: 'same-origin',
    signal: options.signal ? AbortSignal.any([options.signal, deadline]) : deadline,
  };
  if (options.body !== undefined) init.body = JSON.stringify(options.body);

  let response: Response;
  try {
    response = await fetch(path + queryString(options.query), init);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError({
      code: 'unreachable',
      title: 'The API does not answer',
      status: 0,
      detail: deadline.aborted ? `No answer within ${DEADLINE_MS / 1000} s.` : 'Is it running, and is the network up?',
    });
  }
  if (response.ok) return response;
  throw await refusal(response);
}

export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const response = await respond(method, path, options);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

async function refusal(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => null)) as Partial<Problem> | null;
  if (response.status === 401) session.signedOut = true;
  return new ApiError({
    ...problem,
    status: response.status,
    code: problem?.code ?? 'internal_error',
    title: problem?.title ?? `HTTP ${response.status}`,
  });
}
