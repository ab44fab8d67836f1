import { describe, expect, it } from 'vitest';
import { treeOrder, treeRows, type Leaf } from './script-tree.ts';

const leavesOf = (...paths: string[]): Leaf[] =>
  paths
    .map((path) => ({ path, order: treeOrder(path) }))
    .toSorted((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ path }) => {
      const parts = path.split('/').slice(1);
      return { path, name: parts.at(-1) ?? '', directories: parts.slice(0, -1) };
    });

/** `  name/ 3` for directories with what they hold, `  name` for scripts. */
const drawn = (leaves: Leaf[], root: string, collapsed: string[] = []) =>
  treeRows(leaves, root, (path) => collapsed.includes(path))
    .slice()
    .map((row) => {
      const indent = '  '.repeat(row.depth);
      if (row.kind === 'script') return indent + row.script.name;
      return `${indent}${row.name}/ ${row.to - row.from}${row.collapsed ? ' …' : ''}`;
    });

const leaves = leavesOf(
  '/s/z.py',
  '/s/a.py',
  '/s/team/b.py',
  '/s/team/deep/er/c.py',
  '/s/team/deep/er/d.py',
  '/s/team-2/e.py',
  '/s/team.py',
);

describe('the tree of scripts', () => {
  it('shows directories before files, each with what lies below it, and chains as one', () => {
    const rows = [
      'team/ 3',
      '  deep/er/ 2',
      '    c.py',
      '    d.py',
      '  b.py',
      'team-2/ 1',
      '  e.py',
      'a.py',
      'team.py',
      'z.py',
    ];
    expect(drawn(leaves, '/s')).toEqual(rows);
  });

  it('hides what lies in a collapsed directory and still counts it', () => {
    expect(drawn(leaves, '/s', ['/s/team', '/s/team-2'])).toEqual([
      'team/ 3 …',
      'team-2/ 1 …',
      'a.py',
      'team.py',
      'z.py',
    ]);
    expect(drawn(leaves, '/s', ['/s/team/deep/er']).slice(0, 3)).toEqual(['team/ 3', '  deep/er/ 2 …', '  b.py']);
  });

  it('begins below the root, also where all lies deeper, and where the root is not known', () => {
    const deep = leavesOf('/s/x/y/a.py', '/s/x/y/b.py');
    expect(drawn(deep, '/s')).toEqual(['x/y/ 2', '  a.py', '  b.py']);
    expect(drawn(deep, '')).toEqual(['a.py', 'b.py']);
    expect(drawn(leavesOf('/old/a.py', '/s/b.py'), '/s')).toEqual(['old/ 1', '  a.py', 's/ 1', '  b.py']);
  });

  it('knows where each directory’s scripts stand', () => {
    const rows = treeRows(leaves, '/s', () => false).slice();
    const team = rows.find((row) => row.kind === 'directory' && row.name === 'team');
    expect(
      team?.kind === 'directory' && leaves.slice(team.from, team.to).every(({ path }) => path.startsWith('/s/team/')),
    ).toBe(true);
    for (const row of rows) if (row.kind === 'script') expect(leaves[row.at]).toBe(row.script);
    expect(treeRows([], '/s', () => false).slice()).toEqual([]);
  });

  it('finds a row by its key, and the directory it lies in', () => {
    const rows = treeRows(leaves, '/s', (path) => path === '/s/team-2');
    for (const [index, { key }] of rows.slice().entries()) expect(rows.indexOf(key)).toBe(index);
    expect(rows.indexOf('/s/team-2/e.py')).toBe(-1);
    const parents = ['/s/team/deep/er/d.py', '/s/team/b.py', 'd:/s/team/deep/er', '/s/a.py'].map((key) => rows.parentOf(rows.indexOf(key))); // prettier-ignore
    expect(parents).toEqual([1, 0, 0, -1]);
    expect([rows.at(-1), rows.at(rows.length), rows.at(NaN)]).toEqual([undefined, undefined, undefined]);
  });

  it('makes the rows of 20,000 scripts', () => {
    const many = leavesOf(...Array.from({ length: 20_000 }, (_, i) => `/s/team${i % 40}/p${i % 400}/script_${i}.py`));
    const rows = treeRows(many, '/s', () => false).slice();
    expect(rows.filter(({ kind }) => kind === 'script')).toHaveLength(20_000);
    expect(rows.filter(({ kind }) => kind === 'directory')).toHaveLength(440);
  });
});
