import { describe, expect, it } from 'vitest';
import { LINES_PER_BLOCK, LogBlocks } from './log-blocks.ts';

const lines = (blocks: LogBlocks) => blocks.list.flatMap((block) => block.lines);

describe('log blocks', () => {
  it('joins lines that arrive in pieces', () => {
    const blocks = new LogBlocks();
    for (const piece of ['one\ntw', 'o', '\n', '\nfour']) blocks.append(piece, true);
    expect(lines(blocks)).toEqual(['one', 'two', '', 'four']);
  });

  it('splits into blocks and numbers them', () => {
    const blocks = new LogBlocks();
    const text = Array.from({ length: 450 }, (_, index) => `line ${index + 1}\n`).join('');
    blocks.append(text.slice(0, 1000), true);
    blocks.append(text.slice(1000), true);
    expect(blocks.list.map((block) => [block.number, block.lines.length])).toEqual([
      [1, LINES_PER_BLOCK],
      [201, LINES_PER_BLOCK],
      [401, 50],
    ]);
    expect(lines(blocks).at(449)).toBe('line 450');
  });

  it('leaves unchanged blocks alone', () => {
    const blocks = new LogBlocks();
    blocks.append('x\n'.repeat(250), true);
    const [first] = blocks.list;
    blocks.append('y\n', true);
    expect(blocks.list[0]).toBe(first);
  });

  it('tells a gap and stops counting after it', () => {
    const blocks = new LogBlocks();
    blocks.append('a\nb', true);
    blocks.appendGap(1000);
    blocks.append('c\n', true);
    expect(blocks.list.map(({ lines: held, number, gap }) => ({ held, number, gap }))).toEqual([
      { held: ['a', 'b'], number: 1, gap: 0 },
      { held: [], number: null, gap: 1000 },
      { held: ['c'], number: null, gap: 0 },
    ]);
  });

  it('joins a line cut at the place where an earlier part is put before', () => {
    const blocks = new LogBlocks();
    blocks.append('llo\nend\n', false);
    blocks.prepend('start\nhe', true);
    expect(lines(blocks)).toEqual(['start', 'hello', 'end']);
    expect(blocks.list.map((block) => block.number)).toEqual([1, 3]);
    blocks.append('more\n', true);
    expect(lines(blocks).at(-1)).toBe('more');
  });
});
