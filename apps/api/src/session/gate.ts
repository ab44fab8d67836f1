import type { IncomingHttpHeaders } from 'node:http';
import { LIMITS } from '@das/contracts/limits';
import type { Submitter } from '@das/contracts/primitives';
import { ApiProblem, invalidRequest } from '../http/api-problem.ts';
import { AttemptLimit } from './attempt-limit.ts';
import { isSame, isSealedSession, sessionOf } from './session-cookie.ts';

export type Visitor = { headers: IncomingHttpHeaders; address: string };

/** Who may come in: everybody where no token is set, else who shows the token or the cookie that stands for it. */
export class Gate {
  readonly #token: string | undefined;
  readonly #limit = new AttemptLimit();

  constructor(token: string | undefined) {
    this.#token = token;
  }

  get needsToken(): boolean {
    return this.#token !== undefined;
  }

  /** Null: not authenticated. Throws ApiProblem for a wrong token, too many of them, and a label that is none. */
  identify({ headers, address }: Visitor): Submitter | null {
    if (this.#token === undefined) return labelled(headers['x-das-submitter']);
    const cookie = sessionOf(headers.cookie);
    if (cookie !== undefined && isSealedSession(this.#token, cookie)) return { id: 'session', via: 'session' };
    const [, bearer] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
    if (bearer === undefined) return null;
    this.prove(bearer, address);
    return { id: 'token', via: 'token' };
  }

  /** Throws ApiProblem unless `given` is the token. */
  prove(given: string, address: string): void {
    if (this.#token === undefined) return;
    const waitMs = this.#limit.waitMs(address, given);
    if (waitMs > 0) {
      const headers = { 'Retry-After': String(Math.ceil(waitMs / 1000)) };
      throw new ApiProblem('rate_limited', 'too many wrong tokens came from this address', { headers });
    }
    if (isSame(given, this.#token)) return;
    this.#limit.failed(address, given);
    throw unauthenticated('the token is not the right one');
  }
}

export function unauthenticated(detail: string): ApiProblem {
  return new ApiProblem('unauthenticated', detail, { headers: { 'WWW-Authenticate': 'Bearer realm="DAS"' } });
}

/** `X-DAS-Submitter`: a label, not a proof. Node reads header bytes as Latin-1; what is UTF-8 is read as that. */
function labelled(header: string | string[] | undefined): Submitter {
  if (header === undefined || header === '') return { id: 'anonymous', via: 'anonymous' };
  const bytes = Buffer.from(String(header), 'latin1');
  const text = bytes.toString('utf8');
  const id = (text.includes('\ufffd') ? String(header) : text).trim();
  const fits = id.length > 0 && id.length <= LIMITS.submitterChars && !/\p{Cc}/u.test(id);
  if (fits) return { id, via: 'header' };
  const message = `must be 1–${LIMITS.submitterChars} characters without control characters`;
  throw invalidRequest([{ path: 'header.X-DAS-Submitter', message }]);
}
