import type { Keyset, KeysetPage } from '@das/core/mongo/keyset';
import { invalidRequest } from './api-problem.ts';

const MARK = 'k1:';

/** The key that a list goes on after, as an opaque text. */
export function encodeCursor(key: string): string {
  return Buffer.from(MARK + key, 'utf8').toString('base64url');
}

/** Throws ApiProblem for anything that `encodeCursor` did not make. */
export function decodeCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const key = text.slice(MARK.length);
  if (key !== '' && text.startsWith(MARK) && encodeCursor(key) === cursor) return key;
  throw invalidRequest([{ path: 'query.cursor', message: 'is not a cursor that this API gave' }]);
}

/** `limit` and `cursor` of a query as the stores take them. */
export function keysetOf({ limit, cursor }: { limit: number; cursor?: string | undefined }): Keyset {
  return cursor === undefined ? { limit } : { limit, after: decodeCursor(cursor) };
}

/** `{items, nextCursor}` */
export function presentPage<T, P>(
  { items, next }: KeysetPage<T>,
  present: (item: T) => P,
): { items: P[]; nextCursor: string | null } {
  return { items: items.map(present), nextCursor: next === null ? null : encodeCursor(next) };
}
