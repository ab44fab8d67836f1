import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Run } from '@das/contracts/run';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';
import { processesWith } from '@das/testkit/processes';

/** Guarantee 17: what a run says of its end is what happened (design §3, "Exit truth"). Real spark-submit throughout. */
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });
let das: Das;
beforeAll(async () => {
  das = await startDas();
});
afterAll(() => das[Symbol.asyncDispose]());

const SLOW = { withinMs: 240_000 };

/** Submits scripts together, so that no place is idle, and waits for all. */
async function runAll(sources: Record<string, string>): Promise<Record<string, Run>> {
  const scripts = await Promise.all(Object.entries(sources).map(([name, text]) => das.putScript(`${name}.py`, text)));
  const { body } = await das.call('createLaunch', { body: { items: scripts.map((script) => ({ script })) } });
  const runs = await Promise.all(body.runs.map(({ id }) => das.waitFor(id, undefined, SLOW)));
  return Object.fromEntries(Object.keys(sources).map((name, i) => [name, runs[i] as Run]));
}

describe('exit codes of the script', () => {
  let runs: Record<string, Run>;
  const exits = (code: number) => `import os\nos._exit(${code})\n`;
  beforeAll(async () => {
    runs = await runAll({
      zero: 'print("fine")\n',
      one: exits(1),
      two: exits(2),
      'fifty-two': exits(52),
      'hundred-thirty-seven': exits(137),
      'hundred-forty-three': exits(143),
      raised: 'import sys\nsys.exit("it went wrong")\n',
      'kills-itself': 'import os, signal\nprint("soon", flush=True)\nos.kill(os.getpid(), signal.SIGKILL)\n',
      'ends-itself': 'import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n',
    });
  });

  test('0 is completed', () => {
    expect(runs['zero']).toMatchObject({ state: 'completed', result: { exitCode: 0, tail: 'fine\n' } });
    expect(runs['zero']?.attempts[0]).toMatchObject({ state: 'completed', exitCode: 0, signal: null });
    expect(runs['zero']?.failure).toBeUndefined();
  });

  test.each([
    ['one', 1, /exit code 1$/],
    ['two', 2, /exit code 2$/],
    ['fifty-two', 52, /exit code 52/],
    ['hundred-thirty-seven', 137, /exit code 137, possibly killed by signal 9/],
    ['hundred-forty-three', 143, /exit code 143, possibly killed by signal 15/],
    ['raised', 1, /exit code 1$/],
    ['kills-itself', 137, /exit code 137, possibly killed by signal 9/],
    ['ends-itself', 143, /exit code 143, possibly killed by signal 15/],
  ])('%s: exit_code %i', (name, code, summary) => {
    const run = runs[name] as Run;
    expect(run).toMatchObject({ state: 'failed', failures: 1, losses: 0, result: { exitCode: code } });
    expect(run.failure).toMatchObject({ kind: 'exit_code', summary: expect.stringMatching(summary) as string });
    expect(run.attempts[0]).toMatchObject({ state: 'failed', exitCode: code, signal: null });
  });
});

/** The process of a run whose command line holds `part`. */
async function processOf(runId: string, part: string): Promise<number> {
  const [found] = await eventually(
    `a process with ${part}`,
    async () => (await processesWith(`DAS_RUN_ID=${runId}`)).filter(({ command }) => command.includes(part)),
    (seen) => seen.length > 0,
    SLOW,
  );
  return found?.pid ?? 0;
}

describe('killed from outside', () => {
  const waiting = 'import time\nprint("up", flush=True)\ntime.sleep(300)\n';
  const begin = async (name: string) => {
    const run = await das.submit({ script: await das.putScript(`${name}.py`, waiting) });
    await das.waitFor(run.id, ({ phase }) => phase === 'running', SLOW);
    return run.id;
  };

  test.each(['SIGKILL', 'SIGABRT'] as const)(
    'spark-submit itself by %s: signal, and nothing of it lives on',
    async (signal) => {
      const id = await begin(`submit-${signal}`);
      const pid = await processOf(id, '/bin/java ');
      expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).toContain('org.apache.spark.deploy.SparkSubmit');
      process.kill(pid, signal);
      const run = await das.waitFor(id, undefined, SLOW);
      expect(run).toMatchObject({ state: 'failed', failures: 1, losses: 0, failure: { kind: 'signal' } });
      expect(run.failure?.summary).toContain(signal);
      expect(run.attempts[0]).toMatchObject({ exitCode: null, signal });
      expect(await processesWith(`DAS_RUN_ID=${id}`)).toEqual([]);
    },
  );

  test('the Python of the script: exit_code 137, which says what it may mean', async () => {
    const id = await begin('python');
    process.kill(await processOf(id, 'python.py'), 'SIGKILL');
    const run = await das.waitFor(id, undefined, SLOW);
    expect(run).toMatchObject({ state: 'failed', failure: { kind: 'exit_code' }, result: { exitCode: 137 } });
    expect(run.failure?.summary).toMatch(/possibly killed by signal 9/);
  });
});

describe('inside Spark', () => {
  test('the driver out of memory: out_of_memory, and what to give it more of', async () => {
    const script = await das.putScript(
      'oom.py',
      `from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
longs = spark.sparkContext._jvm.java.util.ArrayList()
while True:
    longs.add(spark.sparkContext._gateway.new_array(spark.sparkContext._jvm.long, 8 * 1024 * 1024))
`,
    );
    const run = await das.runToEnd({ script, conf: { 'spark.driver.memory': '512m' } }, SLOW);
    expect(run).toMatchObject({ state: 'failed', losses: 0, failure: { kind: 'out_of_memory' } });
    expect(run.failure?.summary).toContain('spark.driver.memory');
  });

  test('a Python worker killed under a task: spark_error', async () => {
    const script = await das.putScript(
      'worker-killed.py',
      `import os, signal
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.sparkContext.parallelize([1], 1).foreach(lambda _: os.kill(os.getpid(), signal.SIGKILL))
`,
    );
    const run = await das.runToEnd({ script }, SLOW);
    expect(run).toMatchObject({ state: 'failed', failure: { kind: 'spark_error' } });
    expect(run.failure?.summary).toMatch(/Python worker exited unexpectedly/);
  });
});
