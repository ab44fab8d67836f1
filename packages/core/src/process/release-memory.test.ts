import { afterEach, expect, test, vi } from 'vitest';
import { releaseAfterBursts } from './release-memory.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const REST = Array.from({ length: 12 }, () => 0.01);

test.each([
  ['rest without a burst', [...REST, ...REST], 0],
  ['a burst without rest', [0.9, 0.9, ...REST.slice(1)], 0],
  ['rest that was disturbed', [0.9, ...REST.slice(1), 0.25, ...REST.slice(1)], 0],
  ['a burst, and rest for long', [0.9, ...REST, ...REST], 1],
  ['another one', [0.9, ...REST, 0.5, 0.2, ...REST], 2],
])('%s: memory is given back as often as there were bursts that are over', (_, shares, times) => {
  vi.useFakeTimers();
  const gc = vi.fn();
  vi.stubGlobal('gc', gc);
  const looks = shares.values();
  releaseAfterBursts(() => looks.next().value ?? 1);
  for (let i = 0; i < shares.length; i += 1) vi.advanceTimersToNextTimer();
  expect(gc).toHaveBeenCalledTimes(times);
});
