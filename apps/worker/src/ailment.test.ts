import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { Ailment } from './ailment.ts';

let ailment: Ailment;
afterEach(() => ailment.close());

/** One that lasts until `end`, and when it was looked at. */
function lasting(mostMs: number) {
  const looks: number[] = [];
  const told: (string | null)[] = [];
  let lasts = true;
  ailment = new Ailment({
    isOver: async () => {
      looks.push(performance.now());
      if (lasts) throw new Error('still');
    },
    firstMs: 40,
    mostMs,
    onChange: () => told.push(ailment.why),
  });
  return { looks, told, end: () => (lasts = false) };
}

it('is told when it begins and when it is over, once each', async () => {
  const { told, end } = lasting(40);
  expect(await ailment.look()).toBe(false);
  ailment.begin('again');
  expect(await ailment.look()).toBe(false);
  end();
  await expect.poll(() => ailment.why).toBeNull();
  expect(told).toEqual(['still', null]);
});

it('is looked at with growing pauses', async () => {
  const { looks } = lasting(160);
  ailment.begin('it shows');
  await sleep(700);
  const pauses = looks.slice(1).map((at, index) => at - (looks[index] ?? 0));
  expect(pauses[0]).toBeGreaterThan(75);
  expect(Math.min(...pauses.slice(1))).toBeGreaterThan(155);
  expect(pauses.length).toBeLessThan(5);
});

it('that comes again soon is looked at later than the last time', async () => {
  const { looks, end } = lasting(10_000);
  end();
  ailment.begin('first');
  await expect.poll(() => ailment.why).toBeNull();
  const begunAt = performance.now();
  ailment.begin('second');
  await expect.poll(() => ailment.why).toBeNull();
  expect((looks.at(-1) ?? 0) - begunAt).toBeGreaterThan(75);
});
