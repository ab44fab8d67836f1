import type { IncomingMessage } from 'node:http';
import { ApiProblem, invalidRequest } from './api-problem.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Keys that would reach an object's prototype wherever somebody merges carelessly. */
const POISONED = new Set(['__proto__', 'constructor', 'prototype']);

/** Whether a request carries a body (RFC 9112 §6); one of length 0 is none. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Only JSON in UTF-8: another type is what a form of a foreign page could send without asking. Throws ApiProblem. */
export function demandJson({ headers }: IncomingMessage): void {
  const given = headers['content-type'] ?? '';
  if (/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(given.trim())) return;
  const detail = given
    ? `the body is "${given}"; send application/json`
    : 'the body has no Content-Type; send application/json';
  throw new ApiProblem('unsupported_media_type', detail);
}

/** The value of a JSON text in UTF-8, nothing replaced. Throws ApiProblem. */
export function parseJson(bytes: Uint8Array): unknown {
  const poisoned = new Set<string>();
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes), (key, inner: unknown) => {
      if (POISONED.has(key)) poisoned.add(key);
      return inner;
    });
    if (poisoned.size === 0) return value;
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : 'it is nested too deeply or not UTF-8';
    throw invalidRequest([{ path: 'body', message: `is not JSON: ${why}` }]);
  }
  throw invalidRequest([...poisoned].map((key) => ({ path: 'body', message: `must not hold the key "${key}"` })));
}
