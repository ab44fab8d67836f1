import type { Attempt, Run } from '@das/contracts/run';
import { Das, ended } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** How far Spark is, from real PySpark jobs of three stages whose tasks sleep. */
let das: Das;
beforeAll(async () => {
  das = await Das.start({ env: { SPARK_CONF_ALLOW: 'spark.eventLog.enabled,spark.eventLog.dir' } });
});
afterAll(() => das[Symbol.asyncDispose]());

/** 6 + 2 + 2 tasks; the first argument is how long each of the first six sleeps, in seconds, the second a log level. */
const STAGES = `
import sys, time
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
if len(sys.argv) > 2:
    spark.sparkContext.setLogLevel(sys.argv[2])
pause = float(sys.argv[1])
def slow(x):
    time.sleep(pause)
    return (x % 2, 1)
add = lambda a, b: a + b
pairs = spark.sparkContext.parallelize(range(6), 6).map(slow).reduceByKey(add, 2)
print(pairs.map(lambda pair: (pair[1], 1)).reduceByKey(add, 2).count())
`;
const ALL = { stages: 3, stagesDone: 3, tasks: 10, tasksDone: 10 };

test('stages and tasks are told while Spark works, from its log', async () => {
  const script = await das.putScript('stages.py', STAGES);
  const { run, seen } = await watch(await das.submit({ script, args: ['1'] }));
  expect(run.state).toBe('completed');
  expect(run.attempts[0]?.progress).toEqual(ALL);
  expect(seen.some(({ stages, tasksDone }) => stages === 3 && tasksDone > 0 && tasksDone < 6)).toBe(true);
  expect(seen.map(({ tasksDone }) => tasksDone)).toEqual(seen.map(({ tasksDone }) => tasksDone).sort((a, b) => a - b));
});

test("where a script turns Spark's log off: from the driver's REST API; and with a history, what is left", async () => {
  const script = await das.putScript('stages.py', STAGES);
  const { run, seen } = await watch(await das.submit({ script, args: ['3', 'OFF'] }));
  expect(run.state).toBe('completed');
  expect(run.attempts[0]?.sparkAppId).toMatch(/^local-\d+$/);
  expect(await das.log(run.id)).not.toContain('TaskSetManager');
  expect(seen.some(({ stages, tasks, tasksDone }) => stages === 3 && tasks === 10 && tasksDone < 10)).toBe(true);
  expect(seen.some(({ tasksDone, etaMs }) => tasksDone < 6 && etaMs !== undefined && etaMs > 0)).toBe(true);
});

test('the application is known of a quick script, too, where its events are logged', async () => {
  const script = await das.putScript('stages.py', STAGES);
  const conf = { 'spark.eventLog.enabled': 'true', 'spark.eventLog.dir': `file:${das.home}` };
  const { attempts } = await das.runToEnd({ script, args: ['0'], conf });
  expect(attempts[0]?.sparkAppId).toMatch(/^local-\d+$/);
});

test('a script without Spark has no progress, and none is invented', async () => {
  const script = await das.putScript('plain.py', 'print("no Spark here")\n');
  expect((await das.runToEnd({ script })).attempts[0]?.progress).toBeUndefined();
});

/** Every progress that was to be seen until the run's end. */
async function watch({ id }: Run) {
  const seen: NonNullable<Attempt['progress']>[] = [];
  const look = async () => {
    const run = await das.run(id);
    const progress = run.attempts[0]?.progress;
    if (progress) seen.push(progress);
    return run;
  };
  return { run: await eventually('it is over', look, ended, { withinMs: 180_000 }), seen };
}
