import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';

/** Runs through a worker that starts Spark quickly: ends and cancels are those of any other run. */
let das: Das;
beforeAll(async () => (das = await startDas()));
afterAll(() => das[Symbol.asyncDispose]());

const LONG = { withinMs: 110_000 };

test('startup fast is stored, told and obeyed; the command stays one to copy', async () => {
  const script = await das.putScript('options.py', `
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
print("name", spark.sparkContext.appName)
print("options", *spark._jvm.java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments())
spark.stop()
`); // prettier-ignore
  const run = await das.runToEnd({ script, startup: 'fast' }, LONG);
  expect(run).toMatchObject({ state: 'completed', startup: 'fast' });
  expect(run.attempts[0]?.command[0]).toBe(das.stack.sparkSubmit);
  const log = await das.log(run.id);
  expect(log).toContain(`name das-${run.id}`);
  expect(log).toContain('-XX:TieredStopAtLevel=1');
  const { body } = await das.call('rerunRun', { params: { id: run.id }, body: {} });
  expect(body).toMatchObject({ startup: 'fast', rerunOf: run.id });
});

test('the script’s exit code is the attempt’s', async () => {
  const script = await das.putScript('three.py', 'import sys\nsys.exit(3)\n');
  const run = await das.runToEnd({ script }, LONG);
  expect(run).toMatchObject({ state: 'failed', startup: 'standard', failure: { kind: 'exit_code' } });
  expect(run.attempts[0]?.exitCode).toBe(3);
});

test('a cancel ends everything that was started', async () => {
  const script = await das.putScript('waits.py', 'import time\nprint("waiting", flush=True)\ntime.sleep(600)\n');
  const { id } = await das.submit({ script });
  await das.waitFor(id, (run) => run.phase === 'running', LONG);
  await das.call('cancelRun', { params: { id } });
  expect(await das.waitFor(id, undefined, LONG)).toMatchObject({ state: 'cancelled' });
});
