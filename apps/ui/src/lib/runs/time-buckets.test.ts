import { expect, it } from 'vitest';
import { bucketsOf } from './time-buckets.ts';

const NOW = Date.parse('2026-11-22T14:07:31.000Z');
const HOUR = 3_600_000;
const told = (filters: object, offset = 0) => {
  const { from, to, bucketMs } = bucketsOf(filters, NOW, offset);
  return [new Date(from).toISOString().slice(5, 16), new Date(to).toISOString().slice(5, 16), bucketMs / 60_000];
};

it('is the last 24 hours without a time', () => {
  expect(told({})).toEqual(['11-21T14:00', '11-22T15:00', 60]);
});

it('is the time of the filters, in buckets that begin at round local times', () => {
  expect(told({ createdAfter: '2026-11-22T13:07:00.000Z' })).toEqual(['11-22T13:06', '11-22T14:08', 2]);
  expect(told({ createdAfter: '2026-10-22T00:00:00.000Z' }, HOUR)).toEqual(['10-21T23:00', '11-22T23:00', 1440]);
  const night = { createdAfter: '2026-11-21T18:00:00.000Z', createdBefore: '2026-11-22T08:00:00.000Z' };
  expect(told(night)).toEqual(['11-21T18:00', '11-22T08:00', 30]);
});

it('has at most 48 buckets, and one for no time at all', () => {
  for (const days of [0, 0.01, 0.3, 1, 2, 9, 40, 300, 5000]) {
    const { from, to, bucketMs } = bucketsOf({ createdAfter: new Date(NOW - days * 24 * HOUR).toISOString() }, NOW, 0);
    expect((to - from) / bucketMs, `${days}`).toBeLessThanOrEqual(48);
    expect((to - from) / bucketMs, `${days}`).toBeGreaterThanOrEqual(1);
    expect(to).toBeGreaterThanOrEqual(NOW);
  }
});
