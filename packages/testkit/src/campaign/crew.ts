import { setTimeout as sleep } from 'node:timers/promises';
import type { AppProcess } from '../app-process.ts';
import type { ApiClient } from '../call.ts';
import { ApiClient as Client } from '../call.ts';
import type { Das } from '../das.ts';

/**
 * The processes of DAS while a campaign breaks them. What is killed is started again until it is ready, as a supervisor of services
 * does; one that ends without having been told to is a breach.
 */
export class Crew {
  readonly #das: Das;
  readonly #workers: AppProcess[] = [];
  #api: { app: AppProcess; client: ApiClient } | null = null;
  readonly #starting = new Set<Promise<void>>();
  /** Told to end, one way or another. */
  readonly #doomed = new Set<AppProcess>();
  readonly #frozen = new Map<AppProcess, Promise<void>>();
  readonly breaches: string[] = [];
  #over = false;

  constructor(das: Das) {
    this.#das = das;
  }

  /** The API that answers now, if one does. */
  get api(): ApiClient | null {
    return this.#api?.client ?? null;
  }

  /** Workers that nobody has told to end and that are not frozen. */
  get workers(): AppProcess[] {
    return this.#workers.filter((worker) => !this.#doomed.has(worker) && !this.#frozen.has(worker));
  }

  async start(workers: number): Promise<void> {
    this.addApi();
    for (let n = 0; n < workers; n += 1) this.addWorker();
    await this.settled();
  }

  addWorker(): void {
    const folder = `${this.#das.home}/worker-dir-${this.#das.workers.length}-${this.#starting.size}`;
    this.#begin('worker', { WORKER_DIR: folder }, (worker) => void this.#workers.push(worker));
  }

  addApi(): void {
    this.#begin('api', {}, async (app) => {
      this.#api = { app, client: new Client(await app.ready()) };
    });
  }

  kill(worker: AppProcess): void {
    this.#doomed.add(worker);
    worker.kill();
  }

  killApi(): void {
    if (!this.#api) return;
    this.kill(this.#api.app);
    this.#api = null;
  }

  /** SIGTERM: the worker drains. Resolves at its end. */
  async drain(worker: AppProcess): Promise<void> {
    this.#doomed.add(worker);
    await worker.stop();
  }

  /** SIGSTOP now, SIGCONT after `ms`. */
  freeze(worker: AppProcess, ms: number): void {
    process.kill(worker.pid, 'SIGSTOP');
    const thawed = sleep(ms).then(() => {
      process.kill(worker.pid, 'SIGCONT');
      this.#frozen.delete(worker);
    });
    this.#frozen.set(worker, thawed);
  }

  /** What was started is ready. */
  async started(): Promise<void> {
    await Promise.all(this.#starting);
  }

  /** And nothing is frozen any more. */
  async settled(): Promise<void> {
    await Promise.all([...this.#starting, ...this.#frozen.values()]);
  }

  /** What ends from now on was meant to. */
  dismiss(): void {
    this.#over = true;
  }

  #begin(name: 'api' | 'worker', env: Record<string, string>, arrived: (app: AppProcess) => unknown): void {
    const starting = this.#untilReady(name, env, arrived)
      .catch((error: unknown) => void this.breaches.push(`${name} does not start: ${(error as Error).message}`))
      .finally(() => this.#starting.delete(starting));
    this.#starting.add(starting);
  }

  /** A start that fails because a service is away is tried again. */
  async #untilReady(name: 'api' | 'worker', env: Record<string, string>, arrived: (app: AppProcess) => unknown) {
    for (let tries = 0; ; tries += 1) {
      const app = await this.#das.spawn(name, env);
      try {
        await app.ready();
        this.#watch(app);
        await arrived(app);
        return;
      } catch (error) {
        app.kill();
        if (tries >= 30) throw error;
        await sleep(1000);
      }
    }
  }

  #watch(app: AppProcess): void {
    void app.exited.then(({ code, signal }) => {
      if (this.#over || this.#doomed.has(app)) return;
      const last = app.log.split('\n').slice(-5).join('\n  ');
      this.breaches.push(`${app.name} ${app.pid} ended by itself (${signal ?? code}):\n  ${last}`);
      app.kill();
    });
  }
}
