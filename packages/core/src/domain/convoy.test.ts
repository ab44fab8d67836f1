import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Convoy } from './convoy.ts';

/** Calls that say when they set out, and arrive when they are told to. */
function riders(convoy: Convoy) {
  const out: string[] = [];
  const arrivals = new Map<string, PromiseWithResolvers<string>>();
  const ride = (name: string) => {
    const arrival = Promise.withResolvers<string>();
    arrivals.set(name, arrival);
    return convoy.ride(() => {
      out.push(name);
      return arrival.promise;
    });
  };
  return { out, ride, arrive: (name: string) => arrivals.get(name)?.resolve(`${name} is there`) };
}

async function settled(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await turn();
}

test('a call that comes alone goes at once; those that come meanwhile go together when it is there', async () => {
  const { out, ride, arrive } = riders(new Convoy(60_000));
  const first = ride('a');
  await settled();
  expect(out).toEqual(['a']);
  const others = [ride('b'), ride('c')];
  await settled();
  expect(out).toEqual(['a']);
  arrive('a');
  expect(await first).toBe('a is there');
  await settled();
  expect(out).toEqual(['a', 'b', 'c']);
  arrive('c');
  arrive('b');
  expect(await Promise.all(others)).toEqual(['b is there', 'c is there']);
  void ride('d');
  await settled();
  expect(out.at(-1)).toBe('d');
});

test('a call that fails fails alone, and the next ones go', async () => {
  const convoy = new Convoy(60_000);
  const fails = convoy.ride(() => Promise.reject(new Error('no')));
  const goes = convoy.ride(() => Promise.resolve('yes'));
  await expect(fails).rejects.toThrow('no');
  expect(await goes).toBe('yes');
  expect(await convoy.ride(() => Promise.resolve('next'))).toBe('next');
});

test('whoever is held up holds up the next ones for so long only', async () => {
  const { ride, arrive } = riders(new Convoy(1));
  const slow = ride('slow');
  const next = ride('next'); // with the same turn, so along with it
  arrive('next');
  await next;
  const later = ride('later');
  arrive('later');
  expect(await later).toBe('later is there');
  arrive('slow');
  expect(await slow).toBe('slow is there');
});
