import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMongo } from '@das/local/mongo';
import { prepare } from '@das/local/prepare';
import { startRedis } from '@das/local/redis';
import { repositoryRoot, runtimeDirOf } from '@das/local/settings';
import { silentSteps } from '@das/local/steps';

type Running = { url: string; pid: number; stop: (graceMs?: number) => Promise<void> };

/** A server that a test may break: it comes back on the same port, with the data it had on its disk. */
export class OwnService implements AsyncDisposable {
  readonly url: string;
  readonly #start: (port: number) => Promise<Running>;
  #running: Running | null;
  #frozen = false;

  private constructor(start: (port: number) => Promise<Running>, running: Running) {
    this.#start = start;
    this.#running = running;
    this.url = running.url;
  }

  static async start(start: (port?: number) => Promise<Running>): Promise<OwnService> {
    return new OwnService(start, await start());
  }

  /** SIGKILL; resolves when it is dead. */
  async kill(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#running = null;
    process.kill(running.pid, 'SIGKILL');
    await running.stop();
  }

  /** After a kill; resolves when it answers. */
  async restart(): Promise<void> {
    this.#running ??= await this.#start(Number(new URL(this.url).port));
  }

  /** SIGSTOP: connections stay, nobody answers. */
  freeze(): void {
    if (!this.#running) return;
    this.#frozen = true;
    process.kill(this.#running.pid, 'SIGSTOP');
  }

  thaw(): void {
    if (!this.#running || !this.#frozen) return;
    this.#frozen = false;
    process.kill(this.#running.pid, 'SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

export type OwnServices = AsyncDisposable & { mongo: OwnService; redis: OwnService };

/** A MongoDB and a Redis of one's own beside those of the test run, whose data goes with them. */
export async function startOwnServices(): Promise<OwnServices> {
  const runtime = await prepare({
    env: process.env,
    steps: silentSteps,
    runtimeDir: runtimeDirOf(repositoryRoot, process.env),
    parts: ['mongodb', 'redis'],
  });
  await using started = new AsyncDisposableStack();
  const home = await mkdtemp(join(tmpdir(), 'das-own-'));
  started.defer(() => rm(home, { recursive: true, force: true }));
  const mongod = runtime.mongod as string;
  const server = runtime.redisServer as string;
  const mongo = started.use(await OwnService.start((port) => startMongo({ mongod, dir: join(home, 'mongodb'), port })));
  const redis = started.use(await OwnService.start((port) => startRedis({ server, dir: join(home, 'redis'), port })));
  const owned = started.move();
  return { mongo, redis, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
