import { readFile, realpath } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import type { Startup } from '@das/contracts/states';
import type { Logger } from '@das/core/logging/logger';
import { buildSubmitArgv } from '@das/core/spark/submit-command';
import type { SubmitCommand } from '@das/core/spark/submit-command';
import { quickOptions } from './java-options.ts';
import { entriesOf, filesOfJava, findJava, findSparkSubmit, fingerprint, NotQuick } from './spark-build.ts';
import { askLauncher } from './spark-launcher.ts';
import type { Launched } from './spark-launcher.ts';
import { archiveKey, reasonOf, StartFiles } from './start-files.ts';
import type { StartFilesOptions } from './start-files.ts';

export type QuickStartOptions = StartFilesOptions;

export type ToExecute = { argv: string[]; env: Record<string, string> };
type Env = Readonly<Record<string, string>>;
/** What Spark would execute for certain settings, and when it was asked: `files` as they were then. */
type Plan = { launched: Launched; key: string; files: string[]; print: string };

/** What differs from run to run stands in no plan. Unmistakable, so that it is found again. */
const STANDS_FOR = {
  appName: 'das-start-name',
  scriptPath: '/das-start/script.py',
  pyFiles: '/das-start/module.py',
  files: '/das-start/file',
  arg: 'das-start-argument',
};
const PER_RUN = ['DAS_RUN_ID', 'DAS_ATTEMPT', 'DAS_FENCING_TOKEN', 'DAS_RESULT_FILE', 'SPARK_LOCAL_DIRS', 'TMPDIR'];
const PLANS = 100;
/** A refusal is not asked for again for so long. */
const REFUSED_MS = 60_000;

/**
 * Starts Spark as bin/spark-submit would, without its shells and its first JVM, and with options that suit a short life
 * (docs/performance.md, S2). Where that cannot hold it is bin/spark-submit itself, and the log says why, once.
 */
export class QuickStart {
  readonly #log: Logger;
  readonly #files: StartFiles;
  readonly #plans = new Map<string, { plan: Promise<Plan>; refusedAt?: number }>();
  readonly #said = new Set<string>();
  /** For which an archive was made or found, or neither could be: not twice. */
  readonly #provided = new Set<string>();
  #provide = (): Promise<void> => Promise.resolve();
  #providing: Promise<void> | undefined;

  constructor(options: QuickStartOptions) {
    this.#log = options.log;
    this.#files = new StartFiles(options);
  }

  /**
   * Makes ready what runs without settings of their own need, in the background, at the lowest priority. Until `signal` is aborted a Spark or
   * Java that has been changed in its place is made ready, too, once a run has been started with it.
   */
  async warmUp(
    command: Pick<SubmitCommand, 'sparkSubmit' | 'master' | 'propertiesFile'>,
    env: Env,
    signal: AbortSignal,
  ) {
    this.#provide = async () => {
      try {
        const plan = await this.#planFor({ ...command, conf: {}, pyFiles: [], files: [], ...EMPTY }, env);
        if (signal.aborted || this.#provided.has(plan.key)) return;
        this.#provided.add(plan.key);
        await this.#files.provide(plan.launched, withoutPerRun(env), signal);
      } catch (error) {
        if (!signal.aborted) this.#sayOnce(error);
      }
    };
    await this.#provideOnce();
  }

  /** Once nothing is made ready any more. */
  async settled(): Promise<void> {
    await this.#providing;
  }

  /** What to execute for `command` in the folder `cwd`. Never rejects. */
  async prepare(command: SubmitCommand, env: Env, cwd: string, startup: Startup): Promise<ToExecute> {
    try {
      const { launched, key } = await this.#planFor(command, env);
      const archive = await this.#files.archiveOf(key);
      if (archive === null) void this.#provideOnce(); // there may be another Spark or Java than `warmUp` saw
      const options = quickOptions(launched.options, startup, archive, availableParallelism());
      const args = fillIn(launched.args, command);
      return {
        argv: [launched.java, ...options, ...launched.options, MAIN_CLASS, ...args],
        // PWD and SHLVL as the shells of spark-submit and spark-class leave them.
        env: { ...env, ...launched.env, ...this.#files.pythonEnvironment(env), PWD: await realpath(cwd), SHLVL: '0' },
      };
    } catch (error) {
      this.#sayOnce(error);
      return { argv: buildSubmitArgv(command), env: { ...env } };
    }
  }

  async #planFor(command: SubmitCommand, env: Env): Promise<Plan> {
    const general = generalise(command);
    const asked = withoutPerRun(env);
    const id = JSON.stringify([general, asked]);
    const known = this.#plans.get(id);
    if (known && (await isCurrent(known))) return known.plan;
    const plan = makePlan(general, asked);
    const entry: { plan: Promise<Plan>; refusedAt?: number } = { plan };
    plan.catch(() => (entry.refusedAt = Date.now()));
    this.#plans.delete(id);
    this.#plans.set(id, entry);
    for (const oldest of this.#plans.keys()) if (this.#plans.size > PLANS) this.#plans.delete(oldest);
    return plan;
  }

  #provideOnce(): Promise<void> {
    this.#providing ??= this.#provide().finally(() => (this.#providing = undefined));
    return this.#providing;
  }

  #sayOnce(error: unknown): void {
    const reason = reasonOf(error);
    if (this.#said.has(reason) || this.#said.size > PLANS) return;
    this.#said.add(reason);
    this.#log.warn({ error }, `no quick start, bin/spark-submit as it is: ${reason}`);
  }
}

const MAIN_CLASS = 'org.apache.spark.deploy.SparkSubmit';
const EMPTY = { appName: '', scriptPath: '', args: [] };

function generalise(command: SubmitCommand): SubmitCommand {
  const { appName, scriptPath, pyFiles, files, arg } = STANDS_FOR;
  return {
    ...command, appName, scriptPath, args: [arg],
    pyFiles: command.pyFiles.length > 0 ? [pyFiles] : [],
    files: command.files.length > 0 ? [files] : [],
  }; // prettier-ignore
}

function withoutPerRun(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !PER_RUN.includes(name)));
}

/** Puts a run's own values where the launcher put what stands for them: every one exactly once, the script last. */
function fillIn(args: readonly string[], command: SubmitCommand): string[] {
  const { appName, scriptPath, pyFiles, files, arg } = STANDS_FOR;
  const own = new Map([[appName, command.appName], [scriptPath, command.scriptPath]]); // prettier-ignore
  if (command.pyFiles.length > 0) own.set(pyFiles, command.pyFiles.join(','));
  if (command.files.length > 0) own.set(files, command.files.join(','));
  const lasts = args.slice(-2);
  if (lasts[0] !== scriptPath || lasts[1] !== arg) throw new NotQuick('spark-submit changes the order of arguments');
  for (const stand of own.keys())
    if (args.filter((given) => given === stand).length !== 1) throw new NotQuick('spark-submit rewrites its arguments');
  return [...args.slice(0, -1).map((given) => own.get(given) ?? given), ...command.args];
}

async function isCurrent({ plan, refusedAt }: { plan: Promise<Plan>; refusedAt?: number }): Promise<boolean> {
  if (refusedAt !== undefined) return Date.now() - refusedAt < REFUSED_MS;
  return plan.then(
    async ({ files, print }) => (await fingerprint(files)) === print,
    () => true,
  );
}

/** @throws NotQuick */
async function makePlan(command: SubmitCommand, env: Env): Promise<Plan> {
  const sparkSubmit = await findSparkSubmit(command.sparkSubmit, env['PATH'] ?? '');
  const java = await findJava(env);
  const launched = await askLauncher(buildSubmitArgv(command), env);
  const home = launched.env['SPARK_HOME'] ?? env['SPARK_HOME'] ?? '';
  const conf = launched.env['SPARK_CONF_DIR'] ?? env['SPARK_CONF_DIR'] ?? join(home, 'conf');
  const properties = [join(conf, 'spark-defaults.conf'), ...(command.propertiesFile ? [command.propertiesFile] : [])];
  await refuseClusterMode(command, properties);
  const confFiles = await entriesOf(conf);
  if (confFiles.includes(join(conf, 'spark-env.sh'))) throw new NotQuick('spark-env.sh may decide anew at each start');
  const folders = [join(home, 'jars'), join(home, 'bin'), dirname(sparkSubmit), conf];
  const jars = await entriesOf(join(home, 'jars'));
  const scripts = await entriesOf(join(home, 'bin'));
  const files = [
    ...folders,
    ...scripts,
    ...jars,
    ...confFiles,
    ...properties,
    sparkSubmit,
    ...filesOfJava(java),
    ...filesOfJava(launched.java),
  ];
  return { launched, key: await archiveKey(launched), files, print: await fingerprint(files) };
}

/** In cluster mode the driver runs elsewhere: nothing here would make it quicker. */
async function refuseClusterMode(command: SubmitCommand, properties: readonly string[]): Promise<void> {
  const texts = await Promise.all(properties.map((path) => readFile(path, 'utf8').catch(() => '')));
  const named = command.conf['spark.submit.deployMode'] ?? '';
  if (named === 'cluster' || texts.some((text) => /^\s*spark\.submit\.deployMode[\s=:]+cluster\s*$/m.test(text)))
    throw new NotQuick('the deploy mode is cluster');
}
