import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { Queue, QueueEvents, Worker } from 'bullmq';
import { connectRedis } from '@das/core/queue/connection';
import { createLogger } from '@das/core/logging/logger';

/** The baseline: a BullMQ worker that spawns an executable, and nothing else: no truth, no log, no guarantee. */
export class BareWorker implements AsyncDisposable {
  readonly queue: Queue;
  readonly #worker: Worker;
  readonly #events: QueueEvents;
  readonly #connections;

  private constructor(redisUrl: string, executable: string, concurrency: number) {
    const { log } = createLogger({ level: 'silent', format: 'text', file: '' });
    const connect = () => connectRedis(redisUrl, 'patient', log);
    this.#connections = [connect(), connect(), connect()] as const;
    const [forQueue, forWorker, forEvents] = this.#connections;
    const name = `bare-${randomUUID()}`;
    this.queue = new Queue(name, { connection: forQueue });
    this.#events = new QueueEvents(name, { connection: forEvents });
    // Every job that is waited for listens on both.
    this.queue.setMaxListeners(0);
    this.#events.setMaxListeners(0);
    this.#worker = new Worker(name, () => execute(executable), { connection: forWorker, concurrency });
  }

  static async start(redisUrl: string, executable: string, concurrency: number): Promise<BareWorker> {
    const bare = new BareWorker(redisUrl, executable, concurrency);
    await Promise.all([bare.#worker.waitUntilReady(), bare.#events.waitUntilReady(), bare.queue.waitUntilReady()]);
    return bare;
  }

  /** Adds `count` jobs at once and waits until all have ended. */
  async runAll(count: number, options: { attempts?: number; backoffMs?: number } = {}): Promise<void> {
    const backoff = { type: 'fixed', delay: options.backoffMs ?? 0 };
    const opts = { attempts: options.attempts ?? 1, backoff, removeOnComplete: false };
    const jobs = await this.queue.addBulk(Array.from({ length: count }, () => ({ name: 'job', data: {}, opts })));
    await Promise.all(jobs.map((job) => job.waitUntilFinished(this.#events)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.close();
    await this.#events.close();
    await this.queue.obliterate({ force: true });
    await this.queue.close();
    for (const connection of this.#connections) connection.disconnect();
  }
}

function execute(executable: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(executable, [], { stdio: 'ignore' });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`exit ${code}`))));
  });
}
