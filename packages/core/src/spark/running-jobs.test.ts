import { expect, test } from 'vitest';
import { JobCounts } from './running-jobs.ts';
import type { SparkJob } from './running-jobs.ts';

const job = (jobId: number, numCompletedTasks: number, more: Partial<SparkJob> = {}): SparkJob => ({
  jobId,
  numTasks: 10,
  numCompletedTasks,
  numSkippedTasks: 0,
  stageIds: [0, 1, 2],
  numCompletedStages: 0,
  numSkippedStages: 0,
  ...more,
});

test('running jobs add up, and one that runs no more is done', () => {
  const counts = new JobCounts();
  counts.take([]);
  expect(counts.counts).toBeNull();
  counts.take([job(0, 4, { numCompletedStages: 1 }), job(1, 0)]);
  expect(counts.counts).toEqual({ stages: 6, stagesDone: 1, tasks: 20, tasksDone: 4 });
  counts.take([job(1, 7, { numCompletedStages: 2 })]);
  expect(counts.counts).toEqual({ stages: 6, stagesDone: 5, tasks: 20, tasksDone: 17 });
  counts.take([]);
  expect(counts.counts).toEqual({ stages: 6, stagesDone: 6, tasks: 20, tasksDone: 20 });
});

test('what Spark skips, as an earlier job has done it, is not counted', () => {
  const counts = new JobCounts();
  counts.take([job(0, 2, { numSkippedStages: 1, numSkippedTasks: 6 })]);
  expect(counts.counts).toEqual({ stages: 2, stagesDone: 0, tasks: 4, tasksDone: 2 });
});
