import { expect, it } from 'vitest';
import { Coalescer } from './coalescer.ts';

it('works alone at once, and together on what came meanwhile', async () => {
  const batches: number[][] = [];
  const coalescer = new Coalescer(async (items: number[]) => {
    batches.push(items);
    await Promise.resolve();
    return items.map((n) => n * 2);
  }, 3);
  expect(await Promise.all([1, 2, 3, 4, 5].map((n) => coalescer.add(n)))).toEqual([2, 4, 6, 8, 10]);
  expect(batches).toEqual([[1], [2, 3, 4], [5]]);
});

it('fails the batch that failed and no other', async () => {
  const coalescer = new Coalescer(async (items: string[]) => {
    if (items.includes('bad')) throw new Error('no');
    return items;
  });
  const results = await Promise.allSettled(['a', 'bad', 'b'].map((item) => coalescer.add(item)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(await coalescer.add('c')).toBe('c');
});
