import { describe, expect, it } from 'vitest';
import { changesOf, merged, shownValue } from './settings-merge.ts';

const before = { owner: 'ann', retries: 1, conf: { a: '1', b: '2' }, description: 'old' };

describe('two people change the settings of one script', () => {
  it('each another field: both hold', () => {
    const theirs = { ...before, owner: 'bob' };
    const mine = { ...before, retries: 3 };
    expect(merged(before, theirs, mine)).toEqual({ ...before, owner: 'bob', retries: 3 });
    expect(changesOf(before, theirs, mine)).toEqual([
      { field: 'owner', before: 'ann', theirs: 'bob', mine: 'ann', clash: false },
    ]);
  });

  it('both the same field: mine holds, and the clash is told', () => {
    const theirs = { ...before, owner: 'bob' };
    const mine = { ...before, owner: 'cy' };
    expect(merged(before, theirs, mine).owner).toBe('cy');
    expect(changesOf(before, theirs, mine)).toMatchObject([{ field: 'owner', clash: true }]);
    expect(changesOf(before, theirs, theirs)).toMatchObject([{ field: 'owner', clash: false }]);
  });

  it('what I took away is away, what they took away stays away', () => {
    const { description: _, ...mine } = before;
    const { retries: __, ...theirs } = before;
    expect(merged(before, theirs, mine)).toEqual({ owner: 'ann', conf: before.conf });
  });

  it('another order of keys is no change', () => {
    expect(changesOf(before, { ...before, conf: { b: '2', a: '1' } }, before)).toEqual([]);
  });

  it('says values as people read them', () => {
    expect([undefined, 'x', 3, null, { a: '1' }].map(shownValue)).toEqual(['–', 'x', '3', 'null', '{"a":"1"}']);
  });
});
