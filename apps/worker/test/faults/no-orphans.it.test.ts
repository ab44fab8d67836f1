import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { descendantsOf, lives, supervisorsOf } from './process-tree.ts';

/** Guarantee 5: kill -9 of a worker leaves nothing of its attempts behind. Real Spark. */
let das: Das;
beforeAll(async () => {
  das = await startDas({ workers: 0 });
});
afterAll(() => das[Symbol.asyncDispose]());

const JOB = `import os, subprocess, time
from pyspark.sql import SparkSession

# Escapes every process group, session and environment that could name it.
subprocess.Popen(["sleep", "613"], start_new_session=True, env={})
spark = SparkSession.builder.getOrCreate()
print("driver up", flush=True)


def slow(n):
    time.sleep(600)
    return n


spark.sparkContext.parallelize(range(2), 2).map(slow).collect()
`;

test('a real PySpark job: java, the driver, pyspark.daemon and its workers, and a child with a session and an empty environment', async () => {
  const worker = await das.addWorker();
  const run = await das.submit({ script: await das.putScript('slow.py', JOB), retries: 0 });
  const tree = await eventually(
    'all kinds of process are there',
    async () => {
      const [supervisor] = await supervisorsOf(worker.pid);
      return supervisor === undefined ? [] : descendantsOf(supervisor);
    },
    (found) => {
      const commands = found.map(({ command }) => command);
      const daemons = commands.filter((command) => command.includes('pyspark.daemon'));
      return daemons.length >= 2 && ['java', 'slow.py', 'sleep 613'].every((part) => commands.some((command) => command.includes(part))); // prettier-ignore
    },
    { withinMs: 90_000, everyMs: 200 },
  );
  const supervisors = await supervisorsOf(worker.pid);
  worker.kill();
  await eventually(
    'none of them lives',
    () => [...tree.map(({ pid }) => pid), ...supervisors].filter(lives),
    (alive) => alive.length === 0,
    { withinMs: 30_000 },
  );
  await das.call('cancelRun', { params: { id: run.id } });
  expect((await das.waitFor(run.id)).state).toBe('cancelled');
}, 200_000);
