import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { ownFile } from '../own-files.ts';
import { NotQuick } from './spark-build.ts';

/**
 * Asks bin/spark-submit what it would execute. Spark's own scripts and launcher run to their very last step (spark-env.sh,
 * find-spark-home, the launcher's rules for memory and class path), and that `exec` is written down instead (record-exec.sh).
 */
export type Launched = {
  /** Absolute path of java. */
  java: string;
  /** From `-cp` to the last option before the main class. */
  options: string[];
  /** What follows the main class. */
  args: string[];
  /** Variables that Spark's scripts set or change. */
  env: Record<string, string>;
};

const RECORDER = ownFile('spark-start/record-exec.sh');
const MAIN_CLASS = 'org.apache.spark.deploy.SparkSubmit';
/** A JVM that only prints a line; on a machine that is very busy. Milliseconds. */
const PATIENCE_MS = 60_000;
/** Of the recording itself, or the shell's own: decided anew at each start. */
const OURS = new Set(['BASH_ENV', 'DAS_START_RECORD', 'PWD', 'OLDPWD', '_', 'SHLVL']);

/** @throws NotQuick where Spark's scripts say, fail or do anything but end in one exec of java */
export async function askLauncher(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<Launched> {
  const [command = '', ...args] = argv;
  const directory = await mkdtemp(join(tmpdir(), 'das-start-'));
  try {
    const record = join(directory, 'record');
    const asked = {
      ...env,
      BASH_ENV: RECORDER,
      DAS_START_RECORD: record,
      TMPDIR: directory,
      SPARK_LOCAL_DIRS: directory,
    };
    const said = await promisify(execFile)(command, args, { env: asked, cwd: directory, timeout: PATIENCE_MS }).catch(
      (error: unknown) => {
        throw new NotQuick('spark-submit refuses these settings, or cannot be asked', { cause: error });
      },
    );
    if (said.stdout + said.stderr !== '') throw new NotQuick('spark-submit says something of its own at each start');
    const text = await readFile(record, 'utf8').catch(() => {
      throw new NotQuick('spark-submit did not get as far as executing java');
    });
    return understand(text, asked, directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function understand(record: string, asked: Readonly<Record<string, string>>, directory: string): Launched {
  const [count, ...rest] = record.split('\0');
  const [java = '', ...command] = rest.slice(0, Number(count));
  const main = command.indexOf(MAIN_CLASS);
  if (basename(java) !== 'java' || command[0] !== '-cp' || main < 2)
    throw new NotQuick('spark-submit executes something else than java with a class path');
  const after = rest.slice(Number(count), -1).map((line) => [line.split('=', 1)[0] ?? '', line] as const);
  const env: Record<string, string> = {};
  for (const [name, line] of after) {
    const value = line.slice(name.length + 1);
    if (OURS.has(name) || asked[name] === value) continue;
    if (value.includes(directory)) throw new NotQuick(`spark-submit sets ${name} anew at each start`);
    env[name] = value;
  }
  const kept = new Set(after.map(([name]) => name));
  if (Object.keys(asked).some((name) => !kept.has(name))) throw new NotQuick('spark-submit takes variables away');
  return { java, options: command.slice(0, main), args: command.slice(main + 1), env };
}
