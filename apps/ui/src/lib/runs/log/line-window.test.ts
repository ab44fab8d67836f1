import type { LogLine, LogLinesAnswer } from '@das/contracts/log';
import { expect, it } from 'vitest';
import { LineWindow } from './line-window.ts';

const line = (number: number, text = `line ${number}`): LogLine => ({
  line: number,
  at: '',
  offset: number,
  stream: 'stdout',
  text,
});
const answer = (from: number, to: number, more: Partial<LogLinesAnswer> = {}): LogLinesAnswer => ({
  items: Array.from({ length: to - from + 1 }, (_, index) => line(from + index)),
  nextLine: null,
  previousLine: from > 1 ? from : null,
  lines: to,
  size: 0,
  gap: null,
  gapLines: null,
  complete: false,
  ...more,
});
const ends = ({ items, before, after }: LineWindow) => [items[0]?.line, items.at(-1)?.line, before, after];

it('grows at both ends and takes the last line anew', () => {
  const held = new LineWindow();
  held.replace(answer(50, 60));
  held.prepend(answer(30, 49));
  held.append({ ...answer(60, 70), items: [line(60, 'line 60, whole'), line(61)] }, 60);
  expect(ends(held)).toEqual([30, 61, 30, null]);
  expect(held.items.find((item) => item.line === 60)?.text).toBe('line 60, whole');
  expect([29, 30, 61, 62].map((number) => held.holds(number))).toEqual([false, true, true, true]);
});

it('holds a bounded number of lines: what lies at the other end is let go and can be asked for again', () => {
  const held = new LineWindow();
  held.replace(answer(10_001, 12_000));
  held.prepend(answer(8001, 10_000));
  held.prepend(answer(7001, 8000));
  expect(ends(held)).toEqual([7001, 11_000, 7001, 11_001]);
  held.append(answer(11_001, 13_000), 11_001);
  expect(ends(held)).toEqual([9001, 13_000, 9001, null]);
});

it('holds a bounded amount of text', () => {
  const held = new LineWindow();
  held.replace(answer(1, 1));
  held.append(
    { ...answer(2, 200), items: Array.from({ length: 199 }, (_, index) => line(2 + index, 'x'.repeat(64_000))) },
    2,
  );
  expect(held.items.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThanOrEqual(8_000_000);
  expect(ends(held).slice(1)).toEqual([200, held.items[0]?.line, null]);
});
