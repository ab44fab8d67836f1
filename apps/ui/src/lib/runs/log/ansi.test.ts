import { describe, expect, it } from 'vitest';
import { toSpans } from './ansi.ts';

const plain = (line: string) =>
  toSpans(line)
    .map((span) => span.text)
    .join('');

describe('log lines', () => {
  it('leaves markup as text', () => {
    expect(toSpans('<b>&amp;</b>')).toEqual([{ text: '<b>&amp;</b>', style: '' }]);
  });

  it('colours and bolds', () => {
    expect(toSpans('\u001b[1;31mbad\u001b[0m ok \u001b[92mgreen\u001b[39m')).toEqual([
      { text: 'bad', style: 'ansi-bold ansi-fg-red' },
      { text: ' ok ', style: '' },
      { text: 'green', style: 'ansi-fg-green' },
    ]);
  });

  it.each([
    ['\u001b[2K\u001b[1Gx', 'x'],
    ['\u001b]8;;http://evil\u0007link\u001b]8;;\u0007', 'link'],
    ['\u001b[38;5;200mpink\u001b[38;2;1;2;3mrgb', 'pinkrgb'],
    ['\u001b(x', '\u001b(x'],
    ['[Stage 0:>   (0 + 1) / 2]\r[Stage 0:=>  (1 + 1) / 2]\r', '[Stage 0:=>  (1 + 1) / 2]'],
  ])('takes %j for %j', (line, text) => expect(plain(line)).toBe(text));

  it('cuts a line that would freeze the page', () => {
    expect(plain('x'.repeat(1_000_000)).length).toBeLessThan(9000);
  });
});
