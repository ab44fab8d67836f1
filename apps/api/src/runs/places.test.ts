import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Places } from './places.ts';

test('no more at once than there are places, in the order in which they came', async () => {
  const places = new Places(2);
  const begun: number[] = [];
  const ends = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const all = ends.map(({ promise }, index) =>
    places.within(60_000, async () => {
      begun.push(index);
      await promise;
      return index;
    }),
  );
  expect(begun).toEqual([0, 1]);
  ends[1]?.resolve();
  expect(await all[1]).toBe(1);
  expect(begun).toEqual([0, 1, 2]);
  for (const { resolve } of ends) resolve();
  expect(await Promise.all(all)).toEqual([0, 1, 2, 3]);
});

test('whoever waits too long goes without, and takes no place from the next', async () => {
  const places = new Places(1);
  const end = Promise.withResolvers<string>();
  const first = places.within(60_000, () => end.promise);
  expect(await places.within(1, () => Promise.resolve('too late'))).toBeUndefined();
  const third = places.within(60_000, () => Promise.resolve('third'));
  await sleep(5);
  end.resolve('first');
  expect([await first, await third]).toEqual(['first', 'third']);
});

test('work that fails gives its place back', async () => {
  const places = new Places(1);
  await expect(places.within(1, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await places.within(1, () => Promise.resolve('yes'))).toBe('yes');
});
