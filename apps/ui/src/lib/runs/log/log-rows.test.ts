import type { LogLine } from '@das/contracts/log';
import { describe, expect, it } from 'vitest';
import { rowsOf } from './log-rows.ts';
import { progressKind, statesOf } from './progress.ts';

let offset = 0;
const line = (number: number, text: string, more: Partial<LogLine> = {}): LogLine => ({
  line: number,
  at: '2026-11-22T10:00:00.000Z',
  offset: (offset += 100),
  stream: 'stderr',
  text,
  ...more,
});
const stage = (done: number) => `[Stage 0:${'='.repeat(done)}>   (${done} + 2) / 4]`;
const brief = (items: LogLine[], unfolded = [] as string[]) =>
  rowsOf(items, unfolded).map(({ line: from, to, folded, text }) => [from, to, folded, text]);

describe('states of a line', () => {
  it.each([
    ['plain', 'plain', 0],
    ['windows\r', 'windows', 0],
    [`${stage(0)}\r${stage(1)}\r${stage(2)}`, stage(2), 2],
    [`${stage(0)}\r${stage(1)}\r${' '.repeat(60)}\rPi is 3.14`, 'Pi is 3.14', 2],
    [`${stage(3)}\r${' '.repeat(60)}\r`, stage(3), 0],
    ['\r\r', '', 0],
  ])('%j shows %j', (text, shown, earlier) => {
    const states = statesOf(text);
    expect([states.shown, states.earlier.length]).toEqual([shown, earlier]);
  });

  it.each([
    stage(1),
    `${stage(1)}${stage(2)}`,
    ' 45%|████▌     | 45/100 [00:02<00:02]',
    'load: 12% [====>     ]',
    '\u001b[32m 7%|▋   | 7/99',
  ])('%j is progress', (text) => expect(progressKind(text)).not.toBeNull());
  it.each(['50 % of the rows are null', 'x = [1, 2, 3]', '2026-11-22 INFO 100% done', '[Stage 1] begins', ''])(
    '%j is none',
    (text) => expect(progressKind(text)).toBeNull(),
  );
});

describe('rows', () => {
  it('fold progress lines into the last, and keep the numbers', () => {
    const items = [line(1, 'a'), line(2, stage(0)), line(3, stage(1)), line(4, stage(2)), line(5, 'b')];
    expect(brief(items)).toEqual([
      [1, 1, 0, 'a'],
      [2, 4, 2, stage(2)],
      [5, 5, 0, 'b'],
    ]);
    const key = rowsOf(items, [])[1]?.key as string;
    expect(brief(items, [key]).map(([number]) => number)).toEqual([1, 2, 3, 4, 5]);
  });

  it('does not fold one kind of progress into another', () => {
    expect(brief([line(1, stage(1)), line(2, ' 45%|████▌     | 45/100')])).toHaveLength(2);
  });

  it('shows the earlier states of a line where asked to', () => {
    const items = [line(7, `${stage(0)}\r${stage(1)}\rdone`)];
    const [row] = rowsOf(items, []);
    expect([row?.text, row?.folded, row?.earlier]).toEqual(['done', 2, []]);
    expect(rowsOf(items, [row?.key as string])[0]?.earlier).toEqual([stage(0), stage(1)]);
  });

  it('tells a gap before the line that follows it, and does not fold over it', () => {
    const items = [line(1, stage(1)), line(900, stage(2), { gap: { start: 10, end: 5010 } })];
    expect(rowsOf(items, []).map(({ gap, line: number }) => [gap, number])).toEqual([
      [0, 1],
      [5000, 900],
      [0, 900],
    ]);
  });

  it('names a line once that two streams wrote', () => {
    const items = [line(3, 'half', { stream: 'stdout' }), line(3, 'WARN'), line(4, 'next')];
    expect(rowsOf(items, []).map(({ goesOn }) => goesOn)).toEqual([false, true, false]);
  });
});
