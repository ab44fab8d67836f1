import { describe, expect, it } from 'vitest';
import { highlight } from './highlight.ts';

const brief = (texts: string[], needle: string) =>
  highlight(
    texts.map((text, index) => ({ text, style: `s${index}` })),
    needle,
  ).map(({ text, style, hit }) => `${style}:${hit ? `[${text}]` : text}`);

describe('what was looked for', () => {
  it.each([
    [['one two one'], 'one', ['s0:[one]', 's0: two ', 's0:[one]']],
    [['ab', 'cd'], 'bc', ['s0:a', 's0:[b]', 's1:[c]', 's1:d']],
    [['aaa'], 'aa', ['s0:[aa]', 's0:a']],
    [['a.c'], '.', ['s0:a', 's0:[.]', 's0:c']],
    [['<b>'], '', ['s0:<b>']],
    [['x'], 'y', ['s0:x']],
  ])('%j for %j', (texts, needle, expected) => expect(brief(texts, needle)).toEqual(expected));
});
