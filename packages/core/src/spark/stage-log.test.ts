import { expect, test } from 'vitest';
import { StageLog } from './stage-log.ts';

/** As Spark 4.3.0 wrote it, without the tasks' starts. */
const JOB = `26/11/22 23:11:17 INFO DAGScheduler: Got job 0 (count at /tmp/stages.py:9) with 2 output partitions
26/11/22 23:11:17 INFO DAGScheduler: Missing parents found for ResultStage 2: List(ShuffleMapStage 1)
26/11/22 23:11:17 INFO DAGScheduler: Missing parents found for ShuffleMapStage 1: List(ShuffleMapStage 0)
26/11/22 23:11:17 INFO DAGScheduler: Missing parents found for ShuffleMapStage 0: List()
26/11/22 23:11:18 INFO TaskSchedulerImpl: Adding task set 0.0 with 6 tasks resource profile 0
26/11/22 23:11:20 INFO TaskSetManager: Finished task 1.0 in stage 0.0 (TID 1) in 1910 ms on 192.0.2.2 (executor driver) (1/6)
26/11/22 23:11:20 INFO TaskSetManager: Finished task 0.0 in stage 0.0 (TID 0) in 1954 ms on 192.0.2.2 (executor driver) (2/6)`;
const END_OF_0 =
  '26/11/22 23:11:21 INFO DAGScheduler: ShuffleMapStage 0 (reduceByKey at /tmp/stages.py:9) finished in 3593 ms';

function read(...texts: string[]): StageLog {
  const log = new StageLog();
  for (const line of texts.join('\n').split('\n')) log.read(line);
  return log;
}

test('stages that wait are known before their tasks are', () => {
  const log = read(JOB);
  expect([log.counts, log.moreToCome]).toEqual([{ stages: 3, stagesDone: 0, tasks: 6, tasksDone: 2 }, true]);
});

test('a finished stage counts as a whole, and the next one begins', () => {
  const log = read(
    JOB,
    END_OF_0,
    '26/11/22 23:11:21 INFO DAGScheduler: waiting: HashSet(ShuffleMapStage 1, ResultStage 2)',
    '26/11/22 23:11:21 INFO TaskSchedulerImpl: Adding task set 1.0 with 2 tasks resource profile 0',
    '26/11/22 23:11:21 INFO TaskSchedulerImpl: Adding task set 2.0 with 2 tasks resource profile 0',
  );
  expect([log.counts, log.moreToCome]).toEqual([{ stages: 3, stagesDone: 1, tasks: 10, tasksDone: 6 }, false]);
});

test('what a failed job did not do is not waited for; a job after it counts on', () => {
  const log = read(
    JOB,
    '26/11/22 23:11:21 INFO DAGScheduler: ShuffleMapStage 0 (groupByKey at /tmp/stages.py:9) failed in 635 ms due to [PYTHON_EXCEPTION]',
    '26/11/22 23:11:21 INFO DAGScheduler: Job 0 failed: count at /tmp/stages.py:9, took 4412.211346 ms',
  );
  expect(log.counts).toEqual({ stages: 1, stagesDone: 1, tasks: 2, tasksDone: 2 });
  log.read('26/11/22 23:11:23 INFO TaskSchedulerImpl: Adding task set 3.0 with 8 tasks resource profile 0');
  expect(log.counts).toEqual({ stages: 2, stagesDone: 1, tasks: 10, tasksDone: 2 });
});

test('a stage that is tried again starts anew', () => {
  const log = read(
    JOB,
    '26/11/22 23:11:22 INFO TaskSchedulerImpl: Adding task set 0.1 with 4 tasks resource profile 0',
  );
  expect(log.counts).toMatchObject({ tasks: 4, tasksDone: 0 });
});

test('ten thousand stages leave nothing behind but their sum', () => {
  const log = new StageLog();
  for (let stage = 0; stage < 10_000; stage += 1) {
    log.read(`INFO TaskSchedulerImpl: Adding task set ${stage}.0 with 200 tasks resource profile 0`);
    log.read(`INFO DAGScheduler: ResultStage ${stage} (count at a.py:9) finished in 3593 ms`);
  }
  expect(log.counts).toEqual({ stages: 10_000, stagesDone: 10_000, tasks: 2_000_000, tasksDone: 2_000_000 });
});

test('other lines change nothing', () => {
  const log = new StageLog();
  expect(
    log.read('26/11/22 23:11:17 INFO SparkContext: Created broadcast 0 from broadcast at DAGScheduler.scala:2796'),
  ).toBe(false);
  expect(log.counts).toBeNull();
});
