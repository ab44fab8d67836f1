import { expect, it } from 'vitest';
import { Coalescer, Failed } from './coalescer.ts';

it('works on what came together at once, and then on what came meanwhile', async () => {
  const batches: number[][] = [];
  const coalescer = new Coalescer(
    async (items: number[]) => {
      batches.push(items);
      if (batches.length === 1) later.push(coalescer.add(6), coalescer.add(7));
      await Promise.resolve();
      return items.map((n) => n * 2);
    },
    { most: 3 },
  );
  const later: Promise<number>[] = [];
  expect(await Promise.all([1, 2, 3, 4, 5].map((n) => coalescer.add(n)))).toEqual([2, 4, 6, 8, 10]);
  expect(await Promise.all(later)).toEqual([12, 14]);
  expect(batches).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
});

it('fails the batch that failed and no other', async () => {
  const coalescer = new Coalescer(
    async (items: string[]) => {
      if (items.includes('bad')) throw new Error('no');
      return items;
    },
    { most: 2 },
  );
  const results = await Promise.allSettled(['a', 'bad', 'b'].map((item) => coalescer.add(item)));
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  expect(await coalescer.add('c')).toBe('c');
});

it('fails by itself what is told to have failed by itself', async () => {
  const coalescer = new Coalescer(async (items: string[]) =>
    items.map((item) => (item === 'bad' ? new Failed(new Error('this one')) : item)),
  );
  const results = await Promise.allSettled(['a', 'bad', 'b'].map((item) => coalescer.add(item)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(results[1]).toMatchObject({ reason: { message: 'this one' } });
});

it('does not begin what its caller no longer waits for', async () => {
  const worked: string[] = [];
  const coalescer = new Coalescer(
    async (items: string[]) => {
      worked.push(...items);
      return items;
    },
    { most: 1 },
  );
  const gaveUp = new AbortController();
  const results = Promise.allSettled([coalescer.add('a'), coalescer.add('b', gaveUp.signal), coalescer.add('c')]);
  gaveUp.abort(new Error('too late'));
  expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(worked).toEqual(['a', 'c']);
});

it('lets what nobody waits for gather', async () => {
  const batches: number[][] = [];
  const coalescer = new Coalescer(
    async (items: number[]) => {
      batches.push(items);
      return items;
    },
    { gatherMs: 50 },
  );
  const first = coalescer.add(1);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await Promise.all([first, coalescer.add(2)]);
  await coalescer.add(3);
  expect(batches).toEqual([[1, 2], [3]]);
});
