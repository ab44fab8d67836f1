import type { RunSummary } from '@das/contracts/run';
import type { Worker } from '@das/contracts/worker';
import { expect, it } from 'vitest';
import { placesOf } from './places.ts';

it('counts what the runs say of the workers that take runs, whatever their heartbeats said last', () => {
  const worker = (id: string, state: Worker['state'], concurrency: number) =>
    ({ id, state, concurrency, running: ['of an old heartbeat'] }) as Worker;
  const workers = [
    worker('a', 'active', 2),
    worker('b', 'active', 4),
    worker('c', 'draining', 2),
    worker('d', 'gone', 8),
  ];
  const runs: Record<string, number> = { a: 2, b: 1, c: 1, d: 3 };
  const runsOf = ({ id }: Worker) => Array.from({ length: runs[id] ?? 0 }, () => ({}) as RunSummary);
  expect(placesOf(workers, runsOf)).toEqual({ total: 6, used: 3, free: 3 });
  expect(placesOf([], runsOf)).toEqual({ total: 0, used: 0, free: 0 });
});
