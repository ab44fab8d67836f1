import { describe, expect, it } from 'vitest';
import { parseArgs, writeArgs } from './args.ts';

describe('arguments as typed', () => {
  it.each([
    ['', []],
    ['  a  b\tc\nd ', ['a', 'b', 'c', 'd']],
    [`'a b' "c d"`, ['a b', 'c d']],
    [`--x='1 2'"3"`, ['--x=1 23']],
    [`'' ""`, ['', '']],
    [String.raw`a\ b "\"q\" \n" '\'`, ['a b', String.raw`"q" \n`, '\\']],
    ['$HOME *.py `x`', ['$HOME', '*.py', '`x`']],
    ['ü 日本 🦆', ['ü', '日本', '🦆']],
  ])('reads %j', (text, args) => expect(parseArgs(text, 'shell')).toEqual({ args, fault: null }));

  it.each([`'open`, `a "b`, 'end\\'])('says what is wrong with %j', (text) => {
    expect(parseArgs(text, 'shell').fault).not.toBeNull();
  });

  it('takes lines as they are', () => {
    expect(parseArgs(`a b\n"c"\n\n`, 'lines').args).toEqual(['a b', '"c"', '']);
    expect(parseArgs('', 'lines').args).toEqual([]);
  });

  it.each([[[]], [['a', 'b c', '', "it's", '"', '\\', 'x\ny']]])('reads back what it writes: %j', (args) => {
    expect(parseArgs(writeArgs(args), 'shell')).toEqual({ args, fault: null });
  });
});
