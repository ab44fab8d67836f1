import { describe, expect, it } from 'vitest';
import { ApiProblem } from './api-problem.ts';
import { decodeCursor, encodeCursor, keysetOf, presentPage } from './cursor.ts';

describe('cursors', () => {
  it.each(['01J0000000000000000000000', '/my_projects/scripts/wörld é.py'])('bring back %s', (key) => {
    expect(decodeCursor(encodeCursor(key))).toBe(key);
  });

  it.each([
    '',
    'abc',
    'azE6',
    `${encodeCursor('x')}=`,
    encodeCursor('x').slice(0, -1),
    '!!!!',
    Buffer.from('k2:x').toString('base64url'),
  ])('refuse %j as a fault of query.cursor', (cursor) => {
    expect(() => decodeCursor(cursor)).toThrow(ApiProblem);
    expect(() => decodeCursor(cursor)).toThrow(
      expect.objectContaining({ code: 'invalid_request', errors: [expect.objectContaining({ path: 'query.cursor' })] }),
    );
  });

  it('go from a page to the next one', () => {
    const { nextCursor } = presentPage({ items: [1], next: 'b' }, (n) => n);
    expect(keysetOf({ limit: 5, cursor: nextCursor ?? '' })).toEqual({ limit: 5, after: 'b' });
    expect(presentPage({ items: [1], next: null }, (n) => n * 2)).toEqual({ items: [2], nextCursor: null });
  });
});
