import { randomBytes } from 'node:crypto';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Run } from '@das/contracts/run';
import { createHdfs } from '@das/core/hdfs/client';
import type { Hdfs } from '@das/core/hdfs/client';
import { createLogger } from '@das/core/logging/logger';
import { connectDatabase } from '@das/core/mongo/database';
import type { Database } from '@das/core/mongo/database';
import { connectRedis } from '@das/core/queue/connection';
import { writeSparkDefaults } from '@das/local/spark';
import { setPermission } from '@das/local/webhdfs-write';
import { inject } from 'vitest';
import { AppProcess } from './app-process.ts';
import type { AppName } from './app-process.ts';
import { ApiClient } from './call.ts';
import type { CallOptions, Reply } from './call.ts';
import { settingsOf } from './das-settings.ts';
import type { Env } from './das-settings.ts';
import { eventually } from './eventually.ts';
import type { WaitOptions } from './eventually.ts';
import { LiveClient } from './live.ts';
import type { LiveOptions } from './live.ts';
import { processesOf } from './processes.ts';
import type { Stack } from './stack.ts';
import type { RouteName } from '@das/contracts/routes';

export type DasOptions = {
  /** API processes; default 1. */
  api?: number;
  /** Worker processes; default 1. */
  workers?: number;
  /** Replaces only spark-submit's executable: runs take 0.1 s instead of 5, without Spark. */
  stub?: boolean;
  /** Settings over the test's own; `undefined` takes one away. */
  env?: Env;
  apiEnv?: Env;
  workerEnv?: Env;
  /** Services of the test's own instead of the shared ones: to break them. */
  stack?: Partial<Stack>;
};

type Submitted = NonNullable<CallOptions<'submitRun'>['body']>;

/**
 * DAS as it is started outside: API and worker processes on the real services, with a database, keys, HDFS directory and working
 * folder of their own. Dispose it: that stops everything, throws away what it stored, and fails if a process was left.
 */
export class Das implements AsyncDisposable {
  readonly stack: Stack;
  readonly database: string;
  /** What its keys in Redis begin with. */
  readonly queuePrefix: string;
  /** Where this DAS's scripts lie in HDFS. */
  readonly scriptsDir: string;
  /** Working folders of its processes. */
  readonly home: string;
  readonly hdfs: Hdfs;
  /** Whom `hdfs` acts for, and the API and the workers unless told otherwise. */
  readonly hdfsUser: string;
  readonly apis: AppProcess[] = [];
  readonly workers: AppProcess[] = [];
  readonly #options: DasOptions;
  readonly #env: Env;
  readonly #lives: LiveClient[] = [];
  #db: Database | undefined;
  #client: ApiClient | undefined;

  private constructor(home: string, options: DasOptions) {
    const id = `it-${randomBytes(5).toString('hex')}`;
    this.stack = { ...inject('stack'), ...options.stack };
    this.home = home;
    this.database = `das-${id}`;
    this.queuePrefix = id;
    this.scriptsDir = `/das-${id}/scripts`;
    this.#options = options;
    this.hdfsUser = process.env['HDFS_USER'] || userInfo().username;
    this.hdfs = createHdfs({ urls: this.stack.hdfsUrl.split(','), user: this.hdfsUser, deadlineMs: 30_000 });
    const { stack, database, scriptsDir, hdfsUser, queuePrefix } = this;
    this.#env = settingsOf({ stack, database, scriptsDir, hdfsUser, home, queuePrefix }, options);
  }

  static async start(options: DasOptions = {}): Promise<Das> {
    const home = await realpath(await mkdtemp(join(tmpdir(), 'das-it-')));
    const das = new Das(home, options);
    try {
      await das.#start();
      return das;
    } catch (error) {
      await das[Symbol.asyncDispose]().catch((also: unknown) => console.error(also));
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { api = 1, workers = 1 } = this.#options;
    const preparing = Promise.all([
      this.hdfs.mkdirs(this.scriptsDir),
      writeSparkDefaults(join(this.home, 'spark-defaults.conf'), { hdfsRpcUrl: this.stack.hdfsRpcUrl ?? undefined }),
      this.#connect(),
    ]);
    const spawned = preparing.then(() => [
      ...Array.from({ length: api }, () => this.addApi()),
      ...Array.from({ length: workers }, () => this.addWorker()),
    ]);
    await Promise.all(await spawned);
  }

  async #connect(): Promise<void> {
    const { mongodbUri: uri } = this.stack;
    this.#db = await connectDatabase({
      uri,
      database: this.database,
      collection: 'sample',
      timeoutMs: 20_000,
      appName: 'das-test',
    });
  }

  /** The address of the first API. */
  get url(): string {
    return this.api.url;
  }

  get api(): ApiClient {
    if (!this.#client) throw new Error('no API was started');
    return this.#client;
  }

  get db(): Database {
    return this.#db as Database;
  }

  /** What all processes have printed. */
  get logs(): string {
    return [...this.apis, ...this.workers].map(({ name, pid, log }) => `--- ${name} ${pid}\n${log}`).join('\n');
  }

  /** Starts one more API; resolves to its address. */
  async addApi(env: Env = {}): Promise<ApiClient> {
    const api = await this.spawn('api', { ...this.#options.apiEnv, ...env });
    const token = { ...this.#env, ...this.#options.apiEnv, ...env }['API_TOKEN'];
    const client = new ApiClient(await api.ready(), token ? { Authorization: `Bearer ${token}` } : {});
    this.#client ??= client;
    return client;
  }

  /** Starts one more worker; resolves once it takes runs. */
  async addWorker(env: Env = {}): Promise<AppProcess> {
    const folder = join(this.home, `worker-dir-${this.workers.length}`);
    const worker = await this.spawn('worker', { WORKER_DIR: folder, ...this.#options.workerEnv, ...env });
    await worker.ready();
    return worker;
  }

  /** Starts a process of this DAS and does not wait for it. */
  async spawn(name: AppName, env: Env = {}): Promise<AppProcess> {
    const own = name === 'api' ? this.apis : this.workers;
    // A folder of its own, as no .env file of the repository may be read.
    const app = await AppProcess.spawn(name, { ...this.#env, ...env }, join(this.home, `${name}-${own.length}`));
    own.push(app);
    return app;
  }

  /** `name` may hold directories. Resolves to the HDFS path. */
  async putScript(name: string, source: string | Uint8Array): Promise<string> {
    const path = `${this.scriptsDir}/${name}`;
    await this.hdfs.write(path, Buffer.from(source), { overwrite: true });
    return path;
  }

  /** `permission` in octal: `700`. */
  async setPermission(path: string, permission: string): Promise<void> {
    const [url = ''] = this.stack.hdfsUrl.split(',');
    await setPermission({ url, user: this.hdfsUser }, path, permission);
  }

  call<N extends RouteName>(name: N, options: CallOptions<N> = {}): Promise<Reply<N>> {
    return this.api.call(name, options);
  }

  async submit(body: Submitted): Promise<Run> {
    return (await this.call('submitRun', { body })).body as Run;
  }

  async run(id: string): Promise<Run> {
    return (await this.call('getRun', { params: { id } })).body;
  }

  /** The run once `holds`; by default once it has ended. */
  waitFor(id: string, holds: (run: Run) => boolean = ended, options: WaitOptions = {}): Promise<Run> {
    return eventually(`run ${id}: ${holds}`, () => this.run(id), holds, { withinMs: 60_000, ...options }).catch(
      (error: unknown) => {
        throw new Error(`${(error as Error).message}\n${this.logs.split('\n').slice(-60).join('\n')}`);
      },
    );
  }

  /** Submits and waits for the end. */
  async runToEnd(body: Submitted, options?: WaitOptions): Promise<Run> {
    return this.waitFor((await this.submit(body)).id, ended, options);
  }

  /** A log as it is stored. */
  async log(id: string, n = 1, query: Record<string, string | number> = {}): Promise<string> {
    return (await this.call('getLog', { params: { id, n }, query })).body;
  }

  async live(options: LiveOptions = {}): Promise<LiveClient> {
    const client = await LiveClient.connect(this.url, options);
    this.#lives.push(client);
    return client;
  }

  /** SIGKILL for one of its processes. */
  kill(pid: number): void {
    const app = [...this.apis, ...this.workers].find((candidate) => candidate.pid === pid);
    if (!app) throw new Error(`${pid} is no process of this DAS`);
    app.kill();
  }

  /** Every release is tried, whatever the others say. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#lives) client[Symbol.dispose]();
    const stopped = await Promise.allSettled([...this.workers, ...this.apis].map((app) => app.stop()));
    const leaks = await Promise.allSettled([this.#refuseLeaks()]);
    const cleaned = await Promise.allSettled([
      this.#dropDatabase(),
      this.forgetQueue(),
      this.hdfs.remove(this.scriptsDir.replace(/\/scripts$/, ''), { recursive: true }),
      rm(this.home, { recursive: true, force: true }),
    ]);
    const faults = [...stopped, ...leaks, ...cleaned].flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as Error] : [],
    );
    if (faults.length > 0) throw new AggregateError(faults, faults.map(({ message }) => message).join('\n'));
  }

  async #refuseLeaks(): Promise<void> {
    // What a killed worker left ends within its lease; with workers that stopped as they should nothing is left at all.
    const left = await eventually(
      'no process left',
      () => processesOf(this.home),
      (found) => found.length === 0,
      {
        withinMs: 10_000,
      },
    ).catch(() => processesOf(this.home));
    for (const { pid } of left) process.kill(pid, 'SIGKILL');
    if (left.length > 0)
      throw new Error(`processes left behind: ${left.map(({ pid, command }) => `${pid} ${command}`).join('; ')}`);
  }

  async #dropDatabase(): Promise<void> {
    const drop = async (): Promise<unknown> => this.#db?.db.dropDatabase();
    // A connection that lived through a frozen MongoDB may answer nothing more; the second try takes a new one.
    await drop().catch(drop);
    await this.#db?.close();
  }

  /** Deletes every key of this DAS in Redis, as a flush would. */
  async forgetQueue(): Promise<void> {
    const { log } = createLogger({ level: 'silent', format: 'text', file: '' });
    const redis = connectRedis(this.stack.redisUrl, 'patient', log);
    try {
      for await (const keys of redis.scanStream({ match: `${this.queuePrefix}:*`, count: 1000 })) {
        if ((keys as string[]).length > 0) await redis.del(...(keys as string[]));
      }
    } finally {
      redis.disconnect();
    }
  }
}

export const startDas = (options?: DasOptions): Promise<Das> => Das.start(options);

export function ended({ state }: Run): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}
