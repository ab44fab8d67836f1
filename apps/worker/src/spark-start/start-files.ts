import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Logger } from '@das/core/logging/logger';
import type { ForkServer } from '../execute/fork-server.ts';
import { monotonicMs } from '../execute/supervisor.ts';
import { ownFile } from '../own-files.ts';
import { MakeLock } from './make-lock.ts';
import { forbidsArchive } from './java-options.ts';
import { expandClassPath, filesOfJava, fingerprint } from './spark-build.ts';
import type { Launched } from './spark-launcher.ts';

const run = promisify(execFile);
const PYTHON = ownFile('spark-start/python');
const PREFIX = 'classes-';
/** A session that writes an archive takes half a minute when nothing else runs; it is the last to get a core. */
const MAKE_MS = 600_000;
const CHECK_MS = 60_000;
/** An archive has 150–250 MB. */
const UNUSED_MS = 14 * 24 * 3600 * 1000;

export type StartFilesOptions = {
  directory: string;
  python: string;
  supervisors: Pick<ForkServer, 'launch'>;
  log: Logger;
};

/**
 * What makes a start quick and takes long to make: Java's archive of the classes Spark loads (CDS), and PySpark's compiled
 * modules. Named after the build they are of, so that of another Spark or Java they are others; shared by all workers that have
 * the same folder. A file with its final name is whole.
 */
export class StartFiles {
  readonly #options: StartFilesOptions;
  /** Archives that Java has checked, each with the size and inode it had. */
  readonly #ready = new Map<string, string>();
  #modules = false;

  constructor(options: StartFilesOptions) {
    this.#options = options;
  }

  /**
   * The archive for a JVM started so, if there is one that fits. It is looked at each time: Java would not start at all with one
   * that was cut short since (it maps the file, and dies of SIGBUS).
   */
  async archiveOf(key: string): Promise<string | null> {
    const archive = this.#archive(key);
    const checked = this.#ready.get(archive);
    return checked !== undefined && checked === (await identityOf(archive)) ? archive : null;
  }

  /** What Python needs to find the compiled modules, over `env`. */
  pythonEnvironment(env: Readonly<Record<string, string>>): Record<string, string> {
    if (!this.#modules) return {};
    const path = env['PYTHONPATH'] ? `${env['PYTHONPATH']}${delimiter}${PYTHON}` : PYTHON;
    return { PYTHONPATH: path, DAS_PYTHON_MODULES: this.#options.directory };
  }

  /** Finds or makes both for a JVM that is started like `launched`. Says in the log what came of it; rejects for nothing else than `signal`. */
  async provide(launched: Launched, env: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    const { log, directory } = this.#options;
    try {
      await ownFolder(directory);
      await this.#compileModules(launched, env, signal);
      await this.#provideArchive(launched, env, signal);
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ error }, `quick start without an archive of Java's classes: ${reasonOf(error)}`);
    }
  }

  #archive(key: string): string {
    return join(this.#options.directory, `${PREFIX}${key}.jsa`);
  }

  async #compileModules(launched: Launched, env: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    const lib = join(launched.env['SPARK_HOME'] ?? env['SPARK_HOME'] ?? '', 'python/lib');
    const archives = (await readdir(lib)).filter((name) => name.endsWith('.zip')).map((name) => join(lib, name));
    const { python, directory } = this.#options;
    const argv = [python, '-I', '-W', 'ignore', join(PYTHON, 'sitecustomize.py'), directory, ...archives];
    await this.#runLast(argv, directory, { ...env }, signal);
    this.#modules = true;
  }

  async #provideArchive(launched: Launched, env: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    const { log, directory } = this.#options;
    await refuseWhatJavaRefuses(launched);
    const key = await archiveKey(launched);
    const archive = this.#archive(key);
    await using _lock = await MakeLock.take(join(directory, `${PREFIX}${key}.lock`), { signal, patienceMs: MAKE_MS });
    if (await fits(archive, launched, directory)) {
      await utimes(archive, new Date(), new Date());
      log.info({ archive }, "quick start: an archive of Java's classes is there and fits");
    } else {
      const began = performance.now();
      await removeUnused(directory);
      await this.#make(archive, launched, env, signal);
      const seconds = Math.round((performance.now() - began) / 1000);
      log.info({ archive, seconds }, "quick start: an archive of Java's classes was made");
    }

    this.#ready.set(archive, await identityOf(archive));
  }

  /** A draft, checked, then renamed. */
  async #make(archive: string, launched: Launched, env: Readonly<Record<string, string>>, signal: AbortSignal) {
    const folder = await mkdtemp(join(this.#options.directory, 'draft-'));
    try {
      const draft = join(folder, 'classes.jsa');
      const args = [...['--master', 'local[1]', '--name', 'das-start', '--conf', 'spark.ui.port=0'],
        ...['--conf', 'spark.driver.bindAddress=127.0.0.1', '--conf', 'spark.driver.host=127.0.0.1'],
        join(PYTHON, 'warm_up.py'), folder]; // prettier-ignore
      const making = [
        '-XX:TieredStopAtLevel=1',
        '-XX:+UseSerialGC',
        `-XX:ArchiveClassesAtExit=${draft}`,
        '-Xlog:cds=off',
        '-Xlog:cds+dynamic=off',
      ];
      const main = 'org.apache.spark.deploy.SparkSubmit';
      await this.#runLast([launched.java, ...making, ...withoutCollector(launched.options), main, ...args], folder, {
        ...env, ...launched.env, ...this.pythonEnvironment(env), TMPDIR: folder, SPARK_LOCAL_DIRS: folder,
      }, signal); // prettier-ignore
      if (!(await fits(draft, launched, folder))) throw new Error('Java made none, or one that does not fit');
      await rename(draft, archive);
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  /** Under a supervisor, so that it does not outlive this worker; and after all who have work to do. */
  async #runLast(argv: string[], cwd: string, env: Record<string, string>, signal: AbortSignal): Promise<void> {
    await using supervisor = await this.#options.supervisors.launch();
    supervisor.stdout.resume();
    supervisor.stderr.resume();
    const stop = () => supervisor.kill();
    signal.addEventListener('abort', stop);
    try {
      const deadline = monotonicMs() + MAKE_MS;
      await supervisor.start({ argv: ['nice', '-n', '10', ...argv], env, cwd, deadline, killGraceMs: 1000 });
      const { code } = await supervisor.ended;
      signal.throwIfAborted();
      if (code !== 0) throw new Error(`what was to write it ended with code ${code}`);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}

async function identityOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  return found ? `${found.size} ${found.ino}` : 'none';
}

/** What an archive is of: java, class path (each file of it), the options that say which modules there are, and the session that touched its classes. */
export async function archiveKey({ java, options }: Launched): Promise<string> {
  const modules = options.filter((option) => option.startsWith('--'));
  const classPath = await expandClassPath(options[1] ?? '');
  const session = createHash('sha256')
    .update(await readFile(join(PYTHON, 'warm_up.py')))
    .digest('hex');
  const facts = [
    java,
    await fingerprint(filesOfJava(java)),
    options[1],
    await fingerprint(classPath),
    modules,
    session,
  ];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 20);
}

async function refuseWhatJavaRefuses({ options }: Launched): Promise<void> {
  if (forbidsArchive(options)) throw new Error("the operator's Java options name an agent, a debugger or an archive");
  for (const entry of await expandClassPath(options[1] ?? '')) {
    const names = await readdir(entry).catch(() => []);
    if (names.length > 0) throw new Error(`${entry}, on the class path, is a folder with files in it`);
  }
}

/** Java itself says: it starts with the archive or not at all, and reads it through to its checksums. */
async function fits(archive: string, { java, options }: Launched, directory: string): Promise<boolean> {
  const must = [
    '-Xshare:on',
    `-XX:SharedArchiveFile=${archive}`,
    '-XX:+UnlockDiagnosticVMOptions',
    '-XX:+VerifySharedSpaces',
  ];
  // Of a file that is cut short it dies, and would leave its report in our working directory.
  const report = `-XX:ErrorFile=${join(directory, 'draft-crash.log')}`;
  const args = [...must, report, '-XX:+UseSerialGC', ...withoutCollector(options), '-version'];
  return run(java, args, { timeout: CHECK_MS, cwd: directory }).then(
    () => true,
    () => false,
  );
}

function withoutCollector(options: readonly string[]): string[] {
  return options.filter((option) => !/^-XX:[+-]Use\w*GC$/.test(option));
}

/** Java maps the archive and Python executes the modules, so nobody else may write there. */
async function ownFolder(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { uid, mode } = await lstat(directory);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0)
    throw new Error(`${directory} belongs to somebody else, or others may write to it`);
}

async function removeUnused(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!/^(classes-|draft-|pyspark|py4j)/.test(name)) continue;
    const used = await stat(join(directory, name)).catch(() => null);
    const kept = name.startsWith('draft-') ? 2 * MAKE_MS : UNUSED_MS;
    if (used && Date.now() - used.mtimeMs > kept) await rm(join(directory, name), { recursive: true, force: true });
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
