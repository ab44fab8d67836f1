import { join } from 'node:path';
import { launchApi, launchWorker } from './apps.ts';
import { bundleApps } from './bundle.ts';
import { uploadExamplesOnce } from './examples.ts';
import type { Kept } from './keep-running.ts';
import type { Log } from './log.ts';
import { prepare, type Runtime } from './prepare.ts';
import { launchHdfs, launchMongo, launchRedis, type ServiceContext } from './services.ts';
import { finishLeftovers } from './service-process.ts';
import { appEnvironment, type LaunchSettings, type StackAddresses } from './settings.ts';
import { writeSparkDefaults } from './spark.ts';
import { removeStackFile, writeStackFile } from './stack-file.ts';
import type { Steps } from './steps.ts';
import { buildUiIfStale } from './ui.ts';

/** Ends in this order; the services last, whom the others need to say goodbye. */
const STOP_ORDER = ['workers', 'api', 'hdfs', 'mongodb', 'redis'] as const;
type Slot = (typeof STOP_ORDER)[number];

/** Everything `npm start` has started; `stop` also after a start that failed half-way. */
export class Stack {
  readonly #settings: LaunchSettings;
  readonly #steps: Steps;
  readonly #log: Log;
  readonly #kept: Record<Slot, Kept[]> = { workers: [], api: [], hdfs: [], mongodb: [], redis: [] };
  readonly #starting: Promise<unknown>[] = [];
  readonly #gaveUp: (name: string) => void;
  #addresses: StackAddresses | undefined;
  #apiUrl: string | null = null;
  #stopping = false;

  constructor(settings: LaunchSettings, steps: Steps, log: Log, gaveUp: (name: string) => void) {
    this.#settings = settings;
    this.#steps = steps;
    this.#log = log;
    this.#gaveUp = gaveUp;
  }

  /** The dashboard's address (null with --services-only), once all is up. */
  async start(signal: AbortSignal): Promise<string | null> {
    const settings = this.#settings;
    await Promise.all([finishLeftovers(settings.home), removeStackFile(settings.home)]); // a killed launcher's
    const runtime = await prepare({
      runtimeDir: settings.runtimeDir,
      parts: settings.embedded,
      env: settings.env,
      steps: this.#steps,
      signal,
    });
    const context = this.#context(runtime, signal);
    const built = settings.servicesOnly
      ? undefined
      : this.#begin(
          Promise.all([buildUiIfStale({ ...settings, steps: this.#steps, signal }), bundleApps(settings.root)]),
        );
    const addresses = await this.#startServices(context);
    this.#addresses = addresses;
    const propertiesFile = join(settings.home, 'spark-defaults.conf');
    await writeSparkDefaults(propertiesFile, { hdfsRpcUrl: addresses.hdfsRpcUrl ?? undefined });
    await built;
    if (!settings.servicesOnly) {
      const { sparkHome: home, python, java } = runtime;
      const spark = { propertiesFile, home, python, java };
      await this.#startApps(context, appEnvironment(settings, addresses, spark));
    }
    await this.#tell();
    return this.#apiUrl;
  }

  #context(runtime: Runtime, signal: AbortSignal): ServiceContext {
    const changed = () => void this.#tell().catch((error: Error) => this.#log.error(error.message));
    const keeping = { log: this.#log, changed, gaveUp: this.#gaveUp };
    return { settings: this.#settings, runtime, steps: this.#steps, keeping, signal };
  }

  async #startServices(context: ServiceContext): Promise<StackAddresses> {
    const { embedded, env } = this.#settings;
    const [redis, mongo, hdfs] = await Promise.all([
      embedded.has('redis') ? this.#keep('redis', launchRedis(context)) : undefined,
      embedded.has('mongodb') ? this.#keep('mongodb', launchMongo(context)) : undefined,
      embedded.has('hdfs') ? this.#keep('hdfs', this.#launchHdfsWithExamples(context)) : undefined,
    ]);
    return {
      redisUrl: redis?.url ?? given(env, 'REDIS_URL'),
      mongodbUri: mongo?.url ?? given(env, 'MONGODB_URI'),
      hdfsUrl: hdfs?.url ?? given(env, 'HDFS_URL'),
      hdfsRpcUrl: hdfs?.rpcUrl ?? null,
      sparkSubmit: env['SPARK_SUBMIT'] || (context.runtime.sparkSubmit ?? given(env, 'SPARK_SUBMIT')),
    };
  }

  async #launchHdfsWithExamples(context: ServiceContext) {
    const { root, home, hdfsUser, scriptsDir, servicesOnly } = this.#settings;
    const hdfs = await launchHdfs(context);
    if (servicesOnly) return hdfs;
    const upload = uploadExamplesOnce({
      examples: join(root, 'examples'),
      marker: join(home, 'hdfs', 'examples-uploaded'),
      target: { url: hdfs.url, user: hdfsUser },
      directory: scriptsDir,
    });
    const count = await upload.catch(async (error: unknown) => {
      await hdfs.kept.stop();
      throw error;
    });
    if (count > 0) this.#steps.say(`✓ ${count} example files in ${scriptsDir}`);
    return hdfs;
  }

  async #startApps(context: ServiceContext, env: NodeJS.ProcessEnv): Promise<void> {
    const workers = Array.from({ length: this.#settings.workers }, (_, i) =>
      this.#begin(launchWorker(context, env, i + 1).then((kept) => this.#kept.workers.push(kept))),
    );
    const api = await this.#keep('api', launchApi(context, env));
    this.#apiUrl = api.url;
    await Promise.all(workers);
  }

  async #keep<T extends { kept: Kept }>(slot: Slot, launching: Promise<T>): Promise<T> {
    return this.#begin(
      launching.then((service) => {
        this.#kept[slot].push(service.kept);
        return service;
      }),
    );
  }

  /** A start that fails waits, before it stops everything, for those that are still on their way. */
  #begin<T>(work: Promise<T>): Promise<T> {
    this.#starting.push(work);
    work.catch(() => undefined); // told by whoever awaits it; this only keeps a second failure from being unhandled
    return work;
  }

  async #tell(): Promise<void> {
    if (!this.#addresses || this.#stopping) return;
    const processes = STOP_ORDER.toReversed().flatMap((slot) => this.#kept[slot].flatMap((kept) => kept.processes()));
    await writeStackFile(this.#settings.home, {
      apiUrl: this.#apiUrl,
      ...this.#addresses,
      logFile: this.#settings.logFile ?? null,
      processes: [...processes.map(({ name, pid }) => ({ name, pid })), { name: 'launcher', pid: process.pid }],
    });
  }

  /** Abort the signal given to `start` first if that may still be going on. Never throws: what cannot stop is killed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await removeStackFile(this.#settings.home);
    await Promise.allSettled(this.#starting);
    for (const slot of STOP_ORDER) await Promise.allSettled(this.#kept[slot].map((kept) => kept.stop()));
  }

  /** Kills outright, at once. */
  async kill(): Promise<void> {
    this.#stopping = true;
    await Promise.allSettled(STOP_ORDER.flatMap((slot) => this.#kept[slot].map((kept) => kept.stop(0))));
  }
}

function given(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (!value) throw new Error(`${name} is not given`);
  return value;
}
