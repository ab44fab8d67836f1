import { expect, test } from 'vitest';
import { eachAtOnce } from './each-at-once.ts';

test('all items in their order, so many at a time', async () => {
  const begun: number[] = [];
  let atOnce = 0;
  let most = 0;
  await eachAtOnce([0, 1, 2, 3, 4], 2, async (item) => {
    begun.push(item);
    most = Math.max(most, (atOnce += 1));
    await Promise.resolve();
    atOnce -= 1;
  });
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  expect(most).toBe(2);
});

test('after the first error none is begun any more', async () => {
  const begun: number[] = [];
  const slow = Promise.withResolvers<void>();
  const all = eachAtOnce([0, 1, 2, 3, 4], 2, async (item) => {
    begun.push(item);
    if (item === 0) throw new Error('no');
    await slow.promise;
  });
  await expect(all).rejects.toThrow('no');
  slow.resolve();
  await slow.promise;
  expect(begun).toEqual([0, 1]);
});
