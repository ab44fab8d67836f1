import { describe, expect, it } from 'vitest';
import { plainText, toSpans } from './ansi.ts';

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
    ['38;5;196', 'ansi-fg-red'],
    ['38;5;46', 'ansi-fg-green'],
    ['38;5;12', 'ansi-fg-blue'],
    ['38;5;240', 'ansi-fg-grey'],
    ['38;5;255', ''],
    ['38;2;255;120;0', 'ansi-fg-yellow'],
    ['38;2;20;20;20', 'ansi-fg-grey'],
    ['38:2:0:180:180', 'ansi-fg-cyan'],
    ['48;2;255;0;0', ''],
    ['48;5;1;35', 'ansi-fg-magenta'],
    ['37', ''],
    ['30', 'ansi-fg-grey'],
    ['3;4', 'ansi-italic ansi-underline'],
    ['1;22;31;39', ''],
  ])('SGR %s is %j', (codes, style) => expect(toSpans(`\u001b[${codes}mx`)).toEqual([{ text: 'x', style }]));

  it.each([
    ['\u001b[2K\u001b[1Gx', 'x'],
    ['\u001b]8;;http://evil\u0007link\u001b]8;;\u0007', 'link'],
    ['\u001b]0;title\u001b\\x', 'x'],
    ['\u001bPq#0;2;0;0;0\u001b\\x', 'x'],
    ['\u009b31mx\u009dsecret\u009cy', 'xy'],
    ['\u001b[38;5;200mpink\u001b[38;2;1;2;3mrgb', 'pinkrgb'],
    ['\u001b(Bx', 'x'],
    ['\u001b]8;;never ended', ''],
    ['a\u0000b\u0007c\u001b', 'a␀b␇c␛'],
    ['user\u202etxt.exe', 'user\ufffdtxt.exe'],
    ['a\tb', 'a\tb'],
  ])('takes %j for %j', (line, text) => expect(plainText(line)).toBe(text));

  it('cuts a line that would freeze the page', () => {
    expect(plainText('x'.repeat(1_000_000)).length).toBeLessThan(9000);
  });
});
