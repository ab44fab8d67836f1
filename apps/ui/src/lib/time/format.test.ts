import { describe, expect, it } from 'vitest';
import { parseDuration, writeDuration } from './duration-input.ts';
import { absoluteTime, bytes, duration, relativeTime, shortDuration, shortTime } from './format.ts';

describe('durations', () => {
  it.each([
    [0, '0 ms'],
    [840, '840 ms'],
    [9400, '9.4 s'],
    [9960, '10 s'],
    [12_600, '13 s'],
    [59_700, '1 m 00 s'],
    [3_599_600, '1 h 00 m'],
    [125_000, '2 m 05 s'],
    [4_320_000, '1 h 12 m'],
    [273_600_000, '3 d 4 h'],
  ])('writes %i ms', (ms, text) => expect(duration(ms)).toBe(text));

  it.each([
    ['10', 10_000],
    ['500ms', 500],
    ['1.5m', 90_000],
    ['1h 30m', 5_400_000],
    ['2 min', 120_000],
    ['', null],
    ['ten', null],
    ['10x', null],
    ['-1s', null],
  ])('reads %j', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each([500, 1000, 90_000, 120_000, 7_200_000, 0])('reads back what it writes: %i', (ms) => {
    expect(parseDuration(writeDuration(ms))).toBe(ms);
  });
});

describe('durations in cells', () => {
  it.each([
    [0, '0.0s'],
    [840, '0.8s'],
    [9940, '9.9s'],
    [29_400, '29s'],
    [99_600, '1.7m'],
    [20 * 60_000, '20m'],
    [2 * 3_600_000, '2.0h'],
    [30 * 3_600_000, '30h'],
    [50 * 3_600_000, '2.1d'],
  ])('%i ms: %s', (ms, text) => expect(shortDuration(ms)).toBe(text));
});

describe('times and sizes', () => {
  const now = Date.parse('2026-11-22T12:00:00.000Z');
  it.each([
    ['2026-11-22T11:59:59.500Z', 'just now'],
    ['2026-11-22T11:59:48.000Z', '12 s ago'],
    ['2026-11-22T12:03:00.000Z', 'in 3 min'],
    ['2026-11-22T10:00:00.000Z', '2 h ago'],
    ['2026-11-17T12:00:00.000Z', '5 d ago'],
  ])('says %s as %s', (at, text) => expect(relativeTime(at, now)).toBe(text));

  it('writes local times in full, with their zone, and short', () => {
    const local = (month: number, day: number) => new Date(2026, month, day, 14, 3, 9, 120).toISOString();
    const noon = new Date(2026, 10, 22, 12).getTime();
    expect(absoluteTime(local(10, 22))).toMatch(/^2026-11-22 14:03:09\.120 [+-]\d\d:\d\d$/);
    expect(shortTime(local(10, 22), noon)).toBe('14:03:09');
    expect(shortTime(local(10, 21), noon)).toBe('11-21 14:03');
    expect(shortTime(new Date(2025, 10, 22, 12).toISOString(), noon)).toBe('2025-11-22');
  });

  it.each([
    [512, '512 B'],
    [4301, '4.2 KiB'],
    [64 * 1024 * 1024, '64.0 MiB'],
    [500 * 1024, '500 KiB'],
  ])('writes %i bytes', (size, text) => expect(bytes(size)).toBe(text));
});
