import type { RunSummary } from '@das/contracts/run';
import type { Worker } from '@das/contracts/worker';
import { describe, expect, it } from 'vitest';
import { occupancyOf, placesOf } from './places.ts';

const workerOf = (over: Partial<Worker>) =>
  ({ id: 'w', state: 'active', concurrency: 1, running: ['of an old heartbeat'], ...over }) as Worker;
/** They start one after the other as they are named. */
let started = 0;
const run = (id: string, phase: RunSummary['phase'] = 'running') =>
  ({ id, phase, state: 'running', startedAt: new Date(started++).toISOString() }) as RunSummary;
const told = (worker: Partial<Worker>, ...runs: RunSummary[]) => {
  const { placed, finishing } = occupancyOf(workerOf(worker), runs);
  return { placed: placed.map(({ id }) => id).join(), finishing: finishing.map(({ id }) => id).join() };
};

describe('who has a place of a worker', () => {
  it('is not who finishes', () => {
    expect(told({}, run('a', 'finishing'))).toEqual({ placed: '', finishing: 'a' });
    expect(told({}, run('a', 'finishing'), run('b'))).toEqual({ placed: 'b', finishing: 'a' });
    expect(told({ concurrency: 3 }, run('a'), run('b', 'finishing'), run('c'), run('d', 'fetching'))).toEqual({
      placed: 'a,c,d',
      finishing: 'b',
    });
  });

  it('is who finishes where the worker says so: it failed, or too many finish', () => {
    expect(told({ running: ['a'] }, run('a', 'finishing'))).toEqual({ placed: 'a', finishing: '' });
    expect(told({ running: ['b'] }, run('a', 'finishing'), run('b', 'finishing'))).toEqual({
      placed: 'b',
      finishing: 'a',
    });
    expect(told({ concurrency: 2, running: ['a', 'b'] }, run('a', 'finishing'), run('b'))).toEqual({
      placed: 'a,b',
      finishing: '',
    });
  });

  it('but not when another one has that place already', () => {
    expect(told({ running: ['a'] }, run('a', 'finishing'), run('b'))).toEqual({ placed: 'b', finishing: 'a' });
  });

  it('is never one more than it has places: the next one waits until the end before it is told', () => {
    expect(told({}, run('quick'), run('next'))).toEqual({ placed: 'quick', finishing: '' });
    expect(told({ concurrency: 2 }, run('long'), run('quick'), run('next'))).toEqual({
      placed: 'long,quick',
      finishing: '',
    });
    const [quick, long, launchedFirst] = [run('quick'), run('long'), run('launched first')];
    expect(told({ concurrency: 2 }, launchedFirst, quick, long)).toEqual({ placed: 'quick,long', finishing: '' });
    expect(told({ concurrency: 2 }, run('long'), run('quick', 'finishing'), run('next'))).toEqual({
      placed: 'long,next',
      finishing: 'quick',
    });
  });
});

describe('the places of all workers', () => {
  it('are counted from what the runs say of the workers that take runs, whatever their heartbeats said last', () => {
    const workers = [
      workerOf({ id: 'a', concurrency: 2 }),
      workerOf({ id: 'b', concurrency: 4 }),
      workerOf({ id: 'c', state: 'draining', concurrency: 2 }),
      workerOf({ id: 'd', state: 'gone', concurrency: 8 }),
    ];
    const count: Record<string, number> = { a: 2, b: 1, c: 1, d: 3 };
    const occupied = (worker: Worker) =>
      occupancyOf(
        worker,
        Array.from({ length: count[worker.id] ?? 0 }, (_, index) => run(`${worker.id}${index}`)),
      );
    expect(placesOf(workers, occupied)).toEqual({ total: 6, used: 3, free: 3 });
    expect(placesOf([], occupied)).toEqual({ total: 0, used: 0, free: 0 });
  });

  it('are free where runs finish, and never more than all of them are used', () => {
    const runs = [run('a', 'finishing'), run('b'), run('c')];
    const occupied = (worker: Worker) => occupancyOf(worker, runs);
    expect(placesOf([workerOf({})], occupied)).toEqual({ total: 1, used: 1, free: 0 });
    expect(placesOf([workerOf({ concurrency: 3 })], occupied)).toEqual({ total: 3, used: 2, free: 1 });
    const finishing = (worker: Worker) => occupancyOf(worker, runs.slice(0, 1));
    expect(placesOf([workerOf({})], finishing)).toEqual({ total: 1, used: 0, free: 1 });
  });
});
