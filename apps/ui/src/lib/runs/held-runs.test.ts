import type { RunSummary } from '@das/contracts/run';
import { beforeEach, describe, expect, it } from 'vitest';
import { HeldRuns } from './held-runs.ts';

const run = (n: number, state = 'running', seq = 1) =>
  ({
    id: id(n),
    seq,
    state,
    script: { path: '/s/a.py' },
    args: [],
    labels: {},
    submittedBy: { id: 'ann' },
  }) as unknown as RunSummary;
const id = (n: number) => `01${String(n).padStart(8, '0')}`;
const TOP = { atTop: true, complete: true };
const BELOW = { atTop: false, complete: true };

describe('the runs a list holds', () => {
  let held: HeldRuns;
  const numbers = () => held.runs.map((one) => Number(one.id.slice(2)));
  beforeEach(() => {
    held = new HeldRuns();
    held.replace([run(30), run(20), run(10)], TOP);
  });

  it('replaces what is newer where it stands, and nothing by what is older', () => {
    held.apply([run(20, 'failed', 3)], {}, TOP);
    held.apply([run(20, 'running', 2)], {}, TOP);
    expect(held.runs[1]?.state).toBe('failed');
    held.replace([run(30), run(20, 'running', 2)], TOP);
    expect(held.runs.map(({ state }) => state)).toEqual(['running', 'failed']);
  });

  it('takes new ones in at their place at the top; below they wait, in any number', () => {
    held.apply([run(25), run(40)], {}, TOP);
    expect(numbers()).toEqual([40, 30, 25, 20, 10]);
    held.apply([run(50)], {}, BELOW);
    held.apply([run(50, 'failed', 2), run(60)], {}, BELOW);
    expect([numbers().length, held.freshCount]).toEqual([5, 2]);
    held.showFresh();
    expect(held.runs.slice(0, 2).map(({ state }) => state)).toEqual(['running', 'failed']);
    for (let n = 100; n < 5000; n += 1) held.apply([run(n)], {}, BELOW);
    expect([held.freshCount, held.outgrown, held.size]).toEqual([1000, true, 1007]);
  });

  it('does not take in what lies below a list that goes on', () => {
    held.apply([run(5), run(15)], {}, { atTop: true, complete: false });
    expect(numbers()).toEqual([30, 20, 15, 10]);
  });

  it('marks what the filters no longer name, and lets it go when told', () => {
    const filters = { state: 'running' };
    held.apply([run(20, 'completed', 2), run(35, 'completed')], filters, TOP);
    expect([numbers(), [...held.left]]).toEqual([[30, 20, 10], [id(20)]]);
    held.apply([run(30, 'failed', 2), run(20, 'running', 3)], filters, TOP);
    expect([...held.left]).toEqual([id(30)]);
    held.sweep();
    expect([numbers(), held.left.size]).toEqual([[20, 10], 0]);
    held.apply([run(20, 'failed', 4)], filters, TOP);
    expect(held.runs[0]?.state).toBe('failed');
  });

  it('lets the rest of a fetch wait where the reader is not at the top', () => {
    held.replace([run(50), run(40), run(30), run(20)], BELOW);
    expect([numbers(), held.freshCount]).toEqual([[30, 20], 2]);
  });

  it('keeps of arguments what a row shows', () => {
    held.apply([{ ...run(30, 'running', 2), args: ['x'.repeat(100_000), 'y'] }], {}, TOP);
    expect(held.runs[0]?.args).toEqual(['x'.repeat(200), 'y']);
  });

  it('keeps of the output the last line', () => {
    const tail = `${'x\n'.repeat(2000)}done\n`;
    held.apply([{ ...run(30, 'completed', 2), result: { exitCode: 0, tail } }], {}, TOP);
    expect(held.runs[0]?.result).toEqual({ exitCode: 0, tail: 'done' });
  });
});
