import { execFile } from 'node:child_process';
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  realpath,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createLogger } from '@das/core/logging/logger';
import type { Logger } from '@das/core/logging/logger';
import { buildSubmitArgv } from '@das/core/spark/submit-command';
import type { SubmitCommand } from '@das/core/spark/submit-command';
import { SPARK_START_DIR, STUB_SPARK_SUBMIT } from '@das/testkit/das-settings';
import { commonEnvironment } from '../execute/child-environment.ts';
import { ForkServer } from '../execute/fork-server.ts';
import { findPython } from '../execute/supervisor.ts';
import { QuickStart } from './quick-start.ts';
import type { ToExecute } from './quick-start.ts';

/** Real Spark, as it is and started quickly, side by side: what a script, its reader and its exit code see is the same. */
const { sparkSubmit, pysparkPython } = inject('stack');
const MAKING_MS = 600_000;
/** Four real starts, on a machine that is busy. */
const LONG_MS = 300_000;
let directory: string;
let python: string;
let supervisors: ForkServer;
let quick: QuickStart;
const warnings: string[] = [];

beforeAll(async () => {
  python = await findPython(pysparkPython);
  directory = await realpath(await mkdtemp(join(tmpdir(), 'das-quick-')));
  supervisors = await ForkServer.start({ python, directory, log: (line) => void warnings.push(line) });
  quick = new QuickStart({ directory: SPARK_START_DIR, python, supervisors, log: noting(warnings) });
  await quick.warmUp({ sparkSubmit, master: 'local[1]', propertiesFile: undefined }, environment(), signal());
}, MAKING_MS);
afterAll(async () => {
  await supervisors[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

const signal = () => new AbortController().signal;
const environment = (more: Record<string, string> = {}) => ({
  ...commonEnvironment(process.env, python),
  ...more,
});

function noting(lines: string[]): Logger {
  const { log } = createLogger({ level: 'silent', format: 'text', file: '' });
  return Object.assign(log, { warn: (...given: unknown[]) => void lines.push(String(given.at(-1))) });
}

function commandOf(scriptPath: string, more: Partial<SubmitCommand> = {}): SubmitCommand {
  const few = { conf: {}, pyFiles: [], files: [], args: [], propertiesFile: undefined };
  return { sparkSubmit, master: 'local[1]', appName: 'side by side', ...few, scriptPath, ...more };
}

type Ended = { code: number | string | null; signal: string | null; stdout: string; stderr: string };

function execute({ argv: [command = '', ...args], env }: ToExecute): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(command, args, { env, cwd: directory, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      resolve({ code: error ? (error.code ?? null) : 0, signal: error?.signal ?? null, stdout, stderr }),
    );
  });
}

/** Both ways at once. */
async function sideBySide(command: SubmitCommand) {
  const env = environment();
  const started = await quick.prepare(command, env, directory, 'standard');
  const [stock, quickly] = await Promise.all([execute({ argv: buildSubmitArgv(command), env }), execute(started)]);
  return { stock, started, quick: quickly };
}

/** A folder of one's own for start files, that has PySpark's compiled modules: each compilation takes seconds. */
async function ownStartFiles(name: string): Promise<string> {
  const own = join(directory, name);
  await mkdir(own, { mode: 0o700 });
  for (const folder of await readdir(SPARK_START_DIR))
    if (/^(pyspark|py4j)/.test(folder)) await symlink(join(SPARK_START_DIR, folder), join(own, folder));
  return own;
}

const lastWords = ({ stdout }: Ended) => stdout.split('\n').slice(-6);

async function scriptOf(name: string, source: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, source);
  return path;
}

const EXAMPLES = join(dirname(dirname(sparkSubmit)), 'examples/src/main/python');

describe('a quick start', () => {
  test(
    'a script sees the same settings, paths, environment, arguments and errors; only stop() is quicker',
    { timeout: LONG_MS },
    async () => {
      const script = await scriptOf('reveal.py', `
import json, os, sys, time
from pyspark import accumulators
from pyspark.sql import SparkSession
import pyspark, helper
spark = SparkSession.builder.getOrCreate()
total = spark.sparkContext.accumulator(0)
spark.sparkContext.parallelize(range(10), 2).foreach(lambda number: total.add(number))
def end_a_server(_):
    server = accumulators._start_update_server("", False)
    time.sleep(0.1)
    began = time.monotonic()
    server.shutdown()
    return time.monotonic() - began
changing = ("spark.app.id", "spark.app.startTime", "spark.app.submitTime", "spark.driver.port")
runtime = spark._jvm.java.lang.System
print(json.dumps({
  "conf": sorted(pair for pair in spark.sparkContext.getConf().getAll() if pair[0] not in changing),
  "argv": sys.argv, "path": [p for p in sys.path if "userFiles" not in p and "/spark-" not in p], "pyspark": pyspark.__file__, "helper": helper.VALUE,
  "env": {k: v for k, v in os.environ.items() if k not in ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET", "_")},
  "classPath": runtime.getProperty("java.class.path"), "marked": runtime.getProperty("marked"),
  "heap": str(spark._jvm.java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments().contains("-Xmx768m")),
  "total": total.value, "waits": sorted(map(end_a_server, range(5))),
}, sort_keys=True), flush=True)
spark.sql("select nothing from nowhere")
`); // prettier-ignore
      const pyFiles = [await scriptOf('helper.py', 'VALUE = 42\n')];
      const propertiesFile = join(directory, 'operator.conf');
      await writeFile(
        propertiesFile,
        'spark.driver.extraJavaOptions -Dmarked=yes -XX:+UseParallelGC\nspark.sql.shuffle.partitions 3\n',
      );
      const args = ['', 'a b', 'x\ny', '"', '$HOME', '*', '日本 🚀', '--conf', '--help', 'das-start-argument'];
      const conf = { 'spark.driver.memory': '768m', 'spark.sql.session.timeZone': 'Asia/Tokyo' };
      const both = await sideBySide(commandOf(script, { pyFiles, propertiesFile, args, conf }));
      expect(both.started.argv[0]).toMatch(/\/java$/);
      expect(both.started.argv).toContain('-Dmarked=yes');
      expect(both.quick.code, both.quick.stderr).toBe(both.stock.code);
      expect(both.quick.code).toBe(1);
      expect(lastWords(both.quick)).toEqual(lastWords(both.stock));
      expect(both.quick.stdout).toContain('TABLE_OR_VIEW_NOT_FOUND');
      const [stock, started] = [both.stock.stdout, both.quick.stdout].map((text) => {
        const told = text.split('\n').find((line) => line.startsWith('{')) ?? '';
        return JSON.parse(told.replaceAll(/localPyFiles-[0-9a-f-]+/g, 'localPyFiles')) as { waits: number[] };
      }) as [{ waits: number[] }, { waits: number[] }];
      expect(stock).toMatchObject({ argv: [script, ...args], marked: 'yes', heap: 'True', helper: 42, total: 45 });
      expect(started).toEqual({ ...stock, waits: started.waits });
      // spark.stop() does not wait for the next look of the accumulators' server. Medians of what each of five waited, on the same machine
      // in the same minute: the stock one sleeps through most of half a second.
      expect(started.waits[2]).toBeLessThan((stock.waits[2] ?? 0) / 2);
    },
  );

  test('Spark’s own examples print the same', { timeout: LONG_MS }, async () => {
    const words = await scriptOf('words.txt', 'a b a\nc a\n');
    const both = await sideBySide(commandOf(join(EXAMPLES, 'wordcount.py'), { args: [words] }));
    expect(both.quick).toMatchObject({ code: 0, stdout: both.stock.stdout });
    expect(both.stock.stdout).toBe('a: 3\nb: 1\nc: 1\n');
  });

  const ends = {
    'three.py': 'import sys\nsys.exit(3)\n',
    'killed.py': 'import os\nos.kill(os.getpid(), 9)\n',
    'wrong.py': 'def f(:\n',
    'missing.py': null,
  };
  test.for(Object.entries(ends))('%s: the same exit code and last words', async ([name, source]) => {
    if (source !== null) await scriptOf(name, source);
    const both = await sideBySide(commandOf(join(directory, name)));
    expect(both.started.argv[0]).toMatch(/\/java$/);
    expect(both.quick.code).toBe(both.stock.code);
    expect(both.quick.code).not.toBe(0);
    expect(lastWords(both.quick)).toEqual(lastWords(both.stock));
  });

  test('settings that Spark’s launcher refuses are refused by Spark', async () => {
    const refused = await sideBySide(
      commandOf(join(EXAMPLES, 'pi.py'), { conf: { 'spark.driver.extraJavaOptions': '-Xmx3g' } }),
    );
    expect(refused.started.argv[0]).toBe(sparkSubmit);
    expect(refused.quick).toMatchObject({ code: refused.stock.code, stderr: refused.stock.stderr });
    expect(refused.quick.code).not.toBe(0);
    const unreadable = await sideBySide(
      commandOf(join(EXAMPLES, 'pi.py'), { conf: { 'spark.driver.memory': 'lots' } }),
    );
    expect(unreadable.quick.code).toBe(unreadable.stock.code);
    expect(unreadable.quick.code).not.toBe(0);
  });

  test('an archive that is cut short after it was checked is not used: Java would die of it', async () => {
    const script = await scriptOf('hello.py', 'print("hello")\n');
    const archiveOf = async (start: QuickStart) => {
      const { argv } = await start.prepare(commandOf(script), environment(), directory, 'standard');
      return argv.find((option) => option.startsWith('-XX:SharedArchiveFile='))?.split('=')[1];
    };
    const shared = String(await archiveOf(quick));
    const own = await ownStartFiles('own');
    const copy = join(own, basename(shared));
    await copyFile(shared, copy);
    const start = new QuickStart({ directory: own, python, supervisors, log: noting(warnings) });
    await start.warmUp({ sparkSubmit, master: 'local[1]', propertiesFile: undefined }, environment(), signal());
    expect(await archiveOf(start)).toBe(copy);
    await chmod(copy, 0o600);
    await truncate(copy, 1_000_000);
    expect(await archiveOf(start)).toBeUndefined();
    const ended = await execute(await start.prepare(commandOf(script), environment(), directory, 'standard'));
    expect(ended).toMatchObject({ code: 0, stdout: 'hello\n' });
    expect((await readdir(own)).filter((name) => /^(draft-|hs_err)|lock$/.test(name))).toEqual([]);
  });
});

test(
  'a class path that changes in its place is made ready anew, once a run has been started with it',
  async () => {
    const own = await ownStartFiles('anew');
    const conf = join(directory, 'changing');
    await mkdir(conf);
    const forbidden = join(conf, 'log4j2.properties'); // Java makes no archive with a folder that holds files on its class path
    await writeFile(forbidden, '');
    const lines: string[] = [];
    const stopping = new AbortController();
    const start = new QuickStart({ directory: own, python, supervisors, log: noting(lines) });
    const env = environment({ SPARK_CONF_DIR: conf });
    const drafts = async () => (await readdir(own)).filter((name) => name.startsWith('draft-'));
    await start.warmUp({ sparkSubmit, master: 'local[1]', propertiesFile: undefined }, env, stopping.signal);
    expect(lines.join()).toMatch(/changing\S*, on the class path, is a folder with files in it/);
    expect(await drafts()).toEqual([]);
    await rm(forbidden);
    await start.prepare(commandOf('/x.py'), env, directory, 'standard');
    await expect.poll(drafts, { timeout: 60_000 }).toHaveLength(1);
    stopping.abort();
    await start.settled();
    expect(await drafts()).toEqual([]);
  },
  LONG_MS,
);

describe('where it cannot hold', () => {
  const refusals: string[] = [];
  let careful: QuickStart;
  beforeAll(() => {
    careful = new QuickStart({ directory: SPARK_START_DIR, python, supervisors, log: noting(refusals) });
  });

  async function falls(command: SubmitCommand, env: Record<string, string>, why: RegExp): Promise<void> {
    for (let times = 0; times < 2; times += 1)
      expect(await careful.prepare(command, env, directory, 'standard')).toEqual({
        argv: buildSubmitArgv(command),
        env,
      });
    expect(refusals.filter((line) => why.test(line))).toHaveLength(1);
  }

  test('another spark-submit is started as it is, and never asked', async () => {
    const wrapper = await scriptOf(
      'wrapper.sh',
      `#!/bin/sh\necho asked >> ${directory}/asked\nexec ${sparkSubmit} "$@"\n`,
    );
    await falls(commandOf('/x.py', { sparkSubmit: wrapper }), environment(), /wrapper\.sh is not Spark's own/);
    await falls(
      commandOf('/x.py', { sparkSubmit: STUB_SPARK_SUBMIT }),
      environment(),
      /stub-spark-submit\.sh is not Spark's own/,
    );
    expect(await readdir(directory)).not.toContain('asked');
  });

  test('cluster mode, and a spark-env.sh', async () => {
    const propertiesFile = await scriptOf('cluster.conf', 'spark.submit.deployMode=cluster\n');
    await falls(commandOf('/x.py', { propertiesFile }), environment(), /deploy mode is cluster/);
    const conf = join(directory, 'conf');
    await mkdir(conf);
    await writeFile(join(conf, 'spark-env.sh'), 'export NOW=$(date +%N)\n');
    await falls(commandOf('/x.py'), environment({ SPARK_CONF_DIR: conf }), /spark-env\.sh/);
  });

  test('a Spark that is changed in its place is asked anew', async () => {
    const home = join(directory, 'spark');
    await mkdir(join(home, 'jars'), { recursive: true });
    const real = dirname(dirname(sparkSubmit));
    await cp(join(real, 'bin'), join(home, 'bin'), { recursive: true });
    for (const jar of await readdir(join(real, 'jars')))
      await symlink(join(real, 'jars', jar), join(home, 'jars', jar));
    await symlink(join(real, 'python'), join(home, 'python'));
    const env = environment({ SPARK_HOME: home });
    const command = commandOf('/x.py', { sparkSubmit: join(home, 'bin/spark-submit') });
    const before = await careful.prepare(command, env, directory, 'standard');
    expect(before.argv[0]).toMatch(/\/java$/);
    await rm(
      join(home, 'jars', (await readdir(join(home, 'jars'))).find((name) => name.startsWith('spark-launcher')) ?? ''),
    );
    expect((await careful.prepare(command, env, directory, 'standard')).argv[0]).toBe(command.sparkSubmit);
  });
});
