import { setImmediate as settled } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { Turns } from './turns.ts';

/** Takes a turn for each name, and tells whose turn it was. */
function takers(turns: Turns, names: string) {
  const had: string[] = [];
  const taken = [...names].map(async (name) => {
    const turn = await turns.take();
    had.push(name);
    return turn;
  });
  return { had, end: async (index: number) => (await (taken[index] as Promise<Disposable>))[Symbol.dispose]() };
}

test('so many at once, the others in the order in which they came', async () => {
  const { had, end } = takers(new Turns(2), 'abcd');
  await settled();
  expect(had.join('')).toBe('ab');
  await end(1);
  await settled();
  expect(had.join('')).toBe('abc');
  await end(0);
  await end(2);
  await settled();
  expect(had.join('')).toBe('abcd');
});

test('a turn ends once, however often it is ended', async () => {
  const { had, end } = takers(new Turns(1), 'abc');
  await end(0);
  await end(0);
  await settled();
  expect(had.join('')).toBe('ab');
});

test('a turn that takes too long holds nobody up', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const { had, end } = takers(new Turns(1, { longestMs: 50 }), 'abc');
    await settled();
    await vi.advanceTimersByTimeAsync(49);
    expect(had.join('')).toBe('a');
    await vi.advanceTimersByTimeAsync(1);
    await settled();
    expect(had.join('')).toBe('ab');
    await end(0); // long over: it is not the turn of a third one
    await settled();
    expect(had.join('')).toBe('ab');
  } finally {
    vi.useRealTimers();
  }
});

test('whoever gives up waiting goes without, and takes no turn from the next', async () => {
  const turns = new Turns(1);
  const reason = new Error('too late');
  const [waited, taken] = [new AbortController(), new AbortController()];
  const first = await turns.take(taken.signal);
  const second = turns.take(waited.signal);
  const third = turns.take();
  waited.abort(reason);
  taken.abort(); // it is its turn already
  await expect(second).rejects.toBe(reason);
  await expect(turns.take(waited.signal)).rejects.toBe(reason);
  first[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  (await turns.take())[Symbol.dispose]();
});
