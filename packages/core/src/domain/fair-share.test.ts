import { describe, expect, it } from 'vitest';
import { isWornOut, nextTags, queuePriority } from './fair-share.ts';

describe('fair share', () => {
  it('puts who comes with 5 before the rest of the 2,000 of somebody else', () => {
    const many = nextTags(0, 0, 2000);
    const claimed = 10;
    const few = nextTags(claimed, 0, 5);
    const before = many.filter((tag) => tag < (few.at(-1) ?? 0)).length;
    expect(few).toEqual([11, 12, 13, 14, 15]);
    expect(before).toBeLessThan(16);
  });

  it('goes on from the last tag of one submitter', () => {
    expect(nextTags(3, 7, 2)).toEqual([8, 9]);
  });

  it('is counted anew long before the tags of a class run into each other', () => {
    expect(isWornOut(1000, 0)).toBe(false);
    expect(isWornOut(2 ** 17 + 1, 0)).toBe(true);
    expect(queuePriority(4, 2 ** 17 + 2000, 0)).toBeLessThan(queuePriority(4, 2 ** 18, 0));
  });

  it('never lets a tag outweigh a class, and stays within what BullMQ can count', () => {
    expect(queuePriority(1, 10 ** 9, 0)).toBeLessThan(queuePriority(2, 0, 0));
    expect(queuePriority(7, 10 ** 9, 0)).toBeLessThan(2 ** 21);
    expect(queuePriority(1, 5, 100)).toBe(queuePriority(1, 0, 0));
  });
});
