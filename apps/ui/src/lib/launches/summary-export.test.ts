import type { RunSummary } from '@das/contracts/run';
import { expect, it } from 'vitest';
import { toCsv, toJson } from './summary-export.ts';

const run = {
  id: '01A',
  script: { path: '/s/a, b.py' },
  version: 'c0',
  args: ['say "hi"'],
  state: 'completed',
  attemptCount: 1,
  createdAt: '2026-11-22T10:00:00.000Z',
  startedAt: null,
  finishedAt: null,
  durationMs: -1,
  rerunOf: null,
  result: { exitCode: 0, tail: '=1+1\n', value: { n: 1 } },
} as unknown as RunSummary;

it('quotes what needs it, and computes nothing', () => {
  const [head, ...rest] = toCsv([run]).split('\r\n');
  expect(head).toMatch(/^\uFEFFrun,script,version,args,state/);
  expect(rest.join('\r\n')).toBe(
    `01A,"/s/a, b.py",c0,"[""say \\""hi\\""""]",completed,1,2026-11-22T10:00:00.000Z,,,-1,0,,"{""n"":1}","'=1+1\n",\r\n`,
  );
});

it('is the same as JSON', () => {
  expect(JSON.parse(toJson([run]))).toMatchObject([{ run: '01A', args: ['say "hi"'], result: { n: 1 }, output: '=1+1\n' }]); // prettier-ignore
});
