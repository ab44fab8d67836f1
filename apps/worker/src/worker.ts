import { availableParallelism, hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker as QueueWorker } from 'bullmq';
import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';
import type { WorkerState } from '@das/contracts/states';
import { Coalescer } from '@das/core/domain/coalescer';
import { Turns } from '@das/core/domain/turns';
import type { Logger } from '@das/core/logging/logger';
import { HEARTBEAT_MS } from '@das/core/mongo/worker-registry';
import type { WorkerRegistry } from '@das/core/mongo/worker-registry';
import { cancelChannel, QUEUE_NAME } from '@das/core/queue/run-queue';
import type { RunJob } from '@das/core/queue/run-queue';
import { Ailment } from './ailment.ts';
import { Finishing } from './execute/finishing.ts';
import { KnownFiles } from './execute/known-files.ts';
import { hdfsAnswers } from './hdfs-answers.ts';
import { handBack, processJob, RetryLater } from './execute/job.ts';
import type { JobContext } from './execute/job.ts';
import type { LeaseKeeper } from './execute/lease-keeper.ts';

export type WorkerOptions = {
  id: string;
  version: string;
  startedAt: Date;
  concurrency: number;
  queuePrefix: string;
  /** Two connections of its own: BullMQ's, and one that listens for cancels. */
  redis: Redis;
  subscriber: Redis;
  registry: WorkerRegistry;
  keeper: LeaseKeeper;
  job: Omit<JobContext, 'onChange' | 'health' | 'unanswered' | 'finishing' | 'knownFiles'>;
  /** True while there is room in WORKER_DIR; rejects where it cannot be looked at (it is gone, say). */
  hasRoom: () => Promise<boolean>;
  /** Does what every attempt needs; rejects with what this worker cannot do. */
  tryToStart: () => Promise<void>;
  log: Logger;
};

/** Scripts that are run often need not be sent by HDFS each time. */
const KNOWN_BYTES = 4 * 1024 * 1024;
const SOON_MS = 250;
/**
 * Starts take turns, so many at once: sixteen side by side on two cores are all done when the last is, and what started together ends together.
 * Half the cores, as a start keeps MongoDB busy as well, and other workers may share the machine. It takes some 15 ms of CPU; what takes longer
 * waits for something else (for HDFS, say).
 */
const STARTS_AT_ONCE = Math.ceil(availableParallelism() / 2);
const START_TURN_MS = 50;
/** Between two tries whether attempts can be started again. */
const RETRY_START_MS = { firstMs: 1000, mostMs: 30_000 };
/** Between two looks whether HDFS answers: runs wait for nothing else. */
const RETRY_HDFS_MS = { firstMs: 500, mostMs: 3000 };
/** How long a worker that is done waits to tell BullMQ so. */
const REDIS_PATIENCE_MS = 5_000;

/**
 * A worker's life: starting (nothing yet) → active ⇄ unhealthy (no room on its disk, it cannot start attempts, or finds no HDFS: claims
 * nothing) → draining (told to stop: claims nothing, what runs may finish) → drained (safe to remove).
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #queue: QueueWorker<RunJob>;
  readonly #finishing: Finishing;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #beats = Coalescer.whole<null>(() => this.#tell());
  #soon: NodeJS.Timeout | undefined;
  #state: WorkerState = 'active';
  #hasRoom = true;
  readonly #unable: Ailment;
  readonly #withoutHdfs: Ailment;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#finishing = new Finishing(options.concurrency, options.log);
    const context: JobContext = {
      ...options.job,
      unanswered: new Set(),
      finishing: this.#finishing,
      knownFiles: new KnownFiles(KNOWN_BYTES),
      onChange: () => this.#beatSoon(),
      health: {
        diskFull: () => this.#noteRoom(false),
        unable: (why) => this.#unable.begin(why),
        proveAble: () => this.#unable.look(),
        findHdfs: () => this.#withoutHdfs.look(),
      },
    };
    const onChange = () => this.#followHealth();
    this.#unable = new Ailment({ isOver: options.tryToStart, ...RETRY_START_MS, onChange });
    this.#withoutHdfs = new Ailment({ isOver: () => hdfsAnswers(options.job.hdfs), ...RETRY_HDFS_MS, onChange });
    const starts = new Turns(STARTS_AT_ONCE, { longestMs: START_TURN_MS });
    const process = async (job: Job<RunJob>, token: string | undefined) => {
      using turn = await starts.take();
      return this.#state === 'active' ? await processJob(context, job, token, turn) : await handBack(job, token);
    };
    this.#queue = new QueueWorker<RunJob>(QUEUE_NAME, process, {
      connection: options.redis,
      prefix: options.queuePrefix,
      concurrency: options.concurrency,
      autorun: false,
      // The lease decides, not BullMQ's lock: these only bring jobs of dead workers back.
      lockDuration: 60_000,
      stalledInterval: 15_000,
      maxStalledCount: 1_000_000_000,
      runRetryDelay: 1000,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
      settings: { backoffStrategy: (_made, _type, error) => (error instanceof RetryLater ? error.delayMs : 1000) },
    });
    this.#queue.on('error', (error) => options.log.debug({ error }, 'BullMQ'));
    this.#listenForCancels();
    this.#heartbeat = setInterval(() => void this.#lookForRoom().then(() => this.#beat()), HEARTBEAT_MS);
  }

  async start(): Promise<void> {
    await this.#lookForRoom();
    await this.#beat();
    void this.#queue.run().catch((error: unknown) => this.#options.log.error({ error }, 'the queue worker ended'));
  }

  /**
   * No new claims; what runs may finish for `graceMs`, then it is handed back (`drained`). Resolves when nothing
   * runs here any more and BullMQ knows it; of a Redis that does not answer, the reconciler learns from MongoDB.
   */
  async drain(graceMs: number): Promise<void> {
    const { keeper, log } = this.#options;
    this.#state = 'draining';
    this.#unable.close();
    this.#withoutHdfs.close();
    await this.#beat();
    const runs = { running: keeper.running.length, finishing: this.#finishing.size };
    if (runs.running + runs.finishing > 0) log.info({ ...runs, graceMs }, 'draining: what runs may finish');
    const grace = setTimeout(() => keeper.stopAll('drain'), graceMs);
    await this.#closeQueue();
    await this.#finishing.settled();
    clearTimeout(grace);
    clearInterval(this.#heartbeat);
    this.#state = 'drained';
    await this.#beat();
  }

  async #closeQueue(): Promise<void> {
    const { keeper, log } = this.#options;
    let closed = false;
    const closing = this.#queue
      .close()
      .catch((error: unknown) => log.warn({ error }, 'BullMQ did not close'))
      .finally(() => (closed = true));
    for (let idleSince = performance.now(); !closed; await Promise.race([closing, sleep(100)])) {
      if (keeper.running.length > 0) idleSince = performance.now();
      if (performance.now() - idleSince < REDIS_PATIENCE_MS) continue;
      log.warn('nothing runs here any more, but Redis cannot be told');
      return;
    }
  }

  /** Hands back at once what still runs. */
  hurry(): void {
    this.#options.keeper.stopAll('drain');
  }

  #listenForCancels(): void {
    const { subscriber, queuePrefix, keeper, log } = this.#options;
    subscriber.on('message', (_channel, runId) => keeper.stop(runId, 'cancel'));
    subscriber
      .subscribe(cancelChannel(queuePrefix))
      .catch((error: unknown) => log.warn({ error }, 'cancels are learnt at renewals only'));
  }

  /** Without room, or a folder, nothing is claimed, whoever took it; with it again it is. Never rejects. */
  async #lookForRoom(): Promise<void> {
    try {
      this.#noteRoom(await this.#options.hasRoom());
    } catch (error) {
      this.#unable.begin((error as Error).message);
    }
  }

  #noteRoom(hasRoom: boolean): void {
    this.#hasRoom = hasRoom;
    this.#followHealth();
  }

  /** Why it claims nothing; null while nothing keeps it from that. */
  get #ailing(): string | null {
    if (!this.#hasRoom) return 'The disk of WORKER_DIR is full: this worker takes no runs until there is room.';
    if (this.#unable.why) return `This worker takes no runs until it can start them again. ${this.#unable.why}`;
    const { why } = this.#withoutHdfs;
    return why && `HDFS does not answer: this worker takes no runs until it does. ${why}`;
  }

  #followHealth(): void {
    const why = this.#ailing;
    if (this.#state === 'active' && why !== null) this.#rest(why);
    else if (this.#state === 'unhealthy' && why === null) this.#wake();
  }

  #rest(why: string): void {
    this.#state = 'unhealthy';
    this.#options.log.error(why);
    // What runs is not waited for. A job that was on its way here is handed back.
    void this.#queue.pause(true).catch((error: unknown) => this.#options.log.warn({ error }, 'BullMQ did not pause'));
    void this.#beat();
  }

  #wake(): void {
    this.#state = 'active';
    void this.#queue.resume();
    this.#options.log.info('nothing is in the way any more: claiming');
    void this.#beat();
  }

  /** What changes often is told four times a second. */
  #beatSoon(): void {
    this.#soon ??= setTimeout(() => void this.#beat(), SOON_MS);
  }

  /** One at a time: of two that are under way at once the older one could be stored last, and a worker that has drained would be draining for ever. */
  async #beat(): Promise<void> {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    await this.#beats.add(null);
  }

  async #tell(): Promise<void> {
    const { id, version, startedAt, concurrency, registry, keeper, log } = this.#options;
    const worker = {
      _id: id,
      host: hostname(),
      pid: process.pid,
      version,
      startedAt,
      concurrency,
      running: keeper.running,
      state: this.#state,
      detail: this.#state === 'unhealthy' ? this.#ailing : null,
      lacksHdfs: this.#state === 'unhealthy' && this.#withoutHdfs.why !== null,
    };
    await registry.beat(worker).catch((error: unknown) => log.debug({ error }, 'heartbeat not written'));
  }
}
