import { decodeTime } from 'ulid';
import { expect, it } from 'vitest';
import { newRunId } from './ids.ts';

const NOON = Date.UTC(2026, 10, 26, 12);

it('gives runs ids that tell when they were created and sort as they were made', () => {
  const ids = [NOON, NOON, NOON + 5, NOON + 4, NOON + 60_000].map(newRunId);
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.map(decodeTime)).toEqual([NOON, NOON, NOON + 5, NOON + 5, NOON + 60_000]);
});

it('follows a clock that was set back, so that ids do not stay ahead of what they name', () => {
  newRunId(NOON + 24 * 3_600_000);
  expect(decodeTime(newRunId(NOON))).toBe(NOON);
});
