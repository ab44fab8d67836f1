import { describe, expect, it } from 'vitest';
import { extendTo, readLineRange, writeLineRange } from './line-range.ts';

describe('marked lines', () => {
  it.each([
    ['#L12', { from: 12, to: 12 }],
    ['#L12-L20', { from: 12, to: 20 }],
    ['#L20-12', { from: 12, to: 20 }],
    ['#L0', null],
    ['#L1x', null],
    ['#l1', null],
    ['', null],
    ['#L99999999999999999999', null],
  ])('reads %j', (hash, range) => expect(readLineRange(hash)).toEqual(range));

  it.each(['#L1', '#L7-L9'])('writes %s as it was read', (hash) => {
    expect(writeLineRange(readLineRange(hash) as { from: number; to: number })).toBe(hash);
  });

  it('grows to where shift is clicked', () => {
    expect(extendTo(null, 5)).toEqual({ from: 5, to: 5 });
    expect(extendTo({ from: 5, to: 5 }, 9)).toEqual({ from: 5, to: 9 });
    expect(extendTo({ from: 5, to: 9 }, 7)).toEqual({ from: 5, to: 7 });
    expect(extendTo({ from: 5, to: 9 }, 2)).toEqual({ from: 2, to: 9 });
  });
});
