import { once } from 'node:events';
import { Queue } from 'bullmq';
import type { JobsOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { Coalescer } from '../domain/coalescer.ts';
import { queuePriority } from '../domain/fair-share.ts';
import type { Logger } from '../logging/logger.ts';
import type { RunDocument } from '../mongo/documents.ts';
import { connectRedis } from './connection.ts';
import { Sentinel } from './sentinel.ts';

const REBASED_AT_ONCE = 50;
/** Groups up to this size travel together, so that a launch holds up no single run. */
const SMALL_GROUP = 20;
/** How long jobs gather before it is looked at whether their priorities are still right. Milliseconds. */
const CHECK_MS = 50;

export const QUEUE_NAME = 'runs';
/** Jobs carry ids only: the truth is in MongoDB. */
export type RunJob = { runId: string; epoch: number };
/** What enqueuing needs to know of a run. */
export type Enqueued = Pick<RunDocument, '_id' | 'epoch' | 'retries' | 'failures' | 'order' | 'nextAttemptAt'>;

/** By class: the tag that priorities are counted from. */
type Bases = Record<string, string>;
/** Jobs, and the bases that their priorities were counted from. */
type Counted = { runs: readonly Enqueued[]; bases: Bases };

/**
 * The dispatcher's side of BullMQ: enqueues runs, announces cancels, and knows whether Redis has been emptied.
 * Enqueuing is idempotent: the jobId is `<runId>-<epoch>`, and an existing one is left as it is.
 */
export class RunQueue {
  readonly #redis: Redis;
  readonly #queue: Queue<RunJob>;
  readonly #channel: string;
  readonly #sentinel: Sentinel;
  /** A hash: class → the tag that its priorities are counted from; none = 0. */
  readonly #bases: string;
  #seenBases: Bases | undefined;
  readonly #counted: Coalescer<Counted, null>;
  readonly #now: () => number;
  readonly #small: Coalescer<readonly Enqueued[], null>;

  constructor(options: { redisUrl: string; prefix: string; log: Logger; now?: () => number }) {
    this.#redis = connectRedis(options.redisUrl, 'fail-fast', options.log);
    this.#queue = new Queue<RunJob>(QUEUE_NAME, {
      connection: this.#redis,
      prefix: options.prefix,
    });
    this.#queue.on('error', () => undefined); // said by the connection
    this.#channel = cancelChannel(options.prefix);
    this.#sentinel = new Sentinel(this.#redis, `${options.prefix}:sentinel`);
    this.#bases = `${options.prefix}:bases`;
    this.#now = options.now ?? Date.now;
    this.#counted = Coalescer.whole((counted) => this.#check(counted), { gatherMs: CHECK_MS });
    this.#small = Coalescer.whole((groups) => this.#add(groups.flat()));
  }

  /** Resolves when Redis has been reached, or could not be, or with `signal`. */
  async tried(signal: AbortSignal): Promise<void> {
    if (this.#redis.status === 'ready') return;
    await once(this.#redis, 'ready', { signal }).catch(() => undefined); // an error tells as well
  }

  /** Enqueues `runs`; false when Redis is away or did not answer within `timeoutMs` (the reconciler will do it). */
  async enqueue(runs: readonly Enqueued[], timeoutMs: number): Promise<boolean> {
    if (runs.length === 0) return true;
    const gaveUp = new AbortController();
    const adding = runs.length > SMALL_GROUP ? this.#add(runs) : this.#small.add(runs, gaveUp.signal);
    const added = adding.then(
      () => true,
      () => false,
    );
    const timer = Promise.withResolvers<boolean>();
    const timeout = setTimeout(() => {
      gaveUp.abort(new Error('Redis did not answer in time'));
      timer.resolve(false);
    }, timeoutMs);
    return Promise.race([added, timer.promise]).finally(() => clearTimeout(timeout));
  }

  /** Counted from the bases as they were last seen; whether they were still so is looked at afterwards, for many at once. */
  async #add(runs: readonly Enqueued[]): Promise<void> {
    const bases = (this.#seenBases ??= await this.#redis.hgetall(this.#bases));
    try {
      await this.#queue.addBulk(runs.map((run) => this.#job(run, baseOf(run, bases))));
    } finally {
      this.#checkSoon({ runs, bases }); // some may have been taken even so
    }
  }

  #checkSoon(counted: Counted): void {
    this.#counted.add(counted).catch(() => (this.#seenBases = undefined));
  }

  /** Whoever sets a base goes through all that waits afterwards; what came behind that, counted from the one before, is counted anew here. */
  async #check(counted: readonly Counted[]): Promise<void> {
    const bases = (this.#seenBases = await this.#redis.hgetall(this.#bases));
    for (const group of counted) {
      const off = group.runs.filter((run) => baseOf(run, group.bases) !== baseOf(run, bases));
      for (const runs of Map.groupBy(off, ({ order }) => order.class).values())
        await this.rebase(runs, baseOf(runs[0] as Enqueued, bases));
      if (off.length > 0) this.#checkSoon({ runs: off, bases }); // it may have been set meanwhile
    }
  }

  /** The base that a class is counted from here. */
  async base(priorityClass: number): Promise<number> {
    return Number((await this.#redis.hget(this.#bases, String(priorityClass))) ?? 0);
  }

  /** Counts a class from another base, for what is enqueued from now on. `rebase` what is there already. */
  async setBase(priorityClass: number, base: number): Promise<void> {
    await this.#redis.hset(this.#bases, String(priorityClass), base);
    this.#seenBases = undefined;
  }

  /** Gives jobs that wait the priority that follows from `base`. */
  async rebase(runs: readonly Enqueued[], base: number): Promise<void> {
    for (let at = 0; at < runs.length; at += REBASED_AT_ONCE) {
      const some = runs.slice(at, at + REBASED_AT_ONCE);
      await Promise.all(
        some.map(async (run) => {
          const job = await this.#queue.getJob(jobIdOf(run));
          const priority = queuePriority(run.order.class, run.order.tag, base);
          await job?.changePriority({ priority }).catch(() => undefined); // taken meanwhile
        }),
      );
    }
  }

  #job(run: Enqueued, base: number): { name: string; data: RunJob; opts: JobsOptions } {
    const delay = run.nextAttemptAt ? Math.max(0, run.nextAttemptAt.getTime() - this.#now()) : 0;
    return {
      name: 'run',
      data: { runId: run._id, epoch: run.epoch },
      opts: {
        jobId: jobIdOf(run),
        attempts: Math.max(1, run.retries.max + 1 - run.failures),
        backoff: { type: 'custom' },
        priority: queuePriority(run.order.class, run.order.tag, base),
        delay,
        removeOnComplete: true,
        removeOnFail: true,
      },
    };
  }

  /** Which of `runs` have no job in Redis. That all have one, as nearly always, one command tells. */
  async missing<R extends Enqueued>(runs: readonly R[]): Promise<R[]> {
    if (runs.length === 0) return [];
    const keys = runs.map((run) => this.#queue.toKey(jobIdOf(run)));
    if ((await this.#redis.exists(keys)) === keys.length) return [];
    const pipeline = this.#redis.pipeline();
    for (const key of keys) pipeline.exists(key);
    const answers = (await pipeline.exec()) ?? [];
    return runs.filter((_, index) => {
      const [error, exists] = answers[index] ?? [new Error('no answer')];
      if (error) throw error;
      return exists === 0;
    });
  }

  /** Which of `runs` have a job that waits for its time. */
  async delayed<R extends Enqueued>(runs: readonly R[]): Promise<R[]> {
    if (runs.length === 0) return [];
    const dues = await this.#redis.zmscore(this.#queue.toKey('delayed'), runs.map(jobIdOf));
    return runs.filter((_, index) => dues[index] !== null);
  }

  /** Lets a delayed job go now: it was delayed by a machine whose clock is ahead. Others are left as they are. */
  async promote(run: Pick<RunDocument, '_id' | 'epoch'>): Promise<boolean> {
    const job = await this.#queue.getJob(jobIdOf(run));
    if (!job) return false;
    return job.promote().then(
      () => true,
      () => false, // taken meanwhile
    );
  }

  /** Jobs that a worker has taken and not given back: as many as all workers have places. */
  async active(): Promise<RunJob[]> {
    const ids = await this.#redis.lrange(this.#queue.toKey('active'), 0, -1);
    return ids.map((id) => {
      const [runId = '', epoch] = id.split('-');
      return { runId, epoch: Number(epoch) };
    });
  }

  /** Takes the job of a run that was cancelled while it waited; one that is being worked on ends by itself. */
  async remove(run: Pick<RunDocument, '_id' | 'epoch'>): Promise<void> {
    await this.#queue.remove(jobIdOf(run)).catch(() => 0);
  }

  /** Tells the workers at once that a run is to be cancelled; they would learn it at their next renewal anyway. */
  async announceCancel(runId: string): Promise<void> {
    await this.#redis.publish(this.#channel, runId).catch(() => 0);
  }

  /** Not null: Redis was emptied (or has never been seen); to be given to `filled` once all that waits has been enqueued. */
  async emptied(): Promise<string | null> {
    return this.#sentinel.emptied();
  }

  /** All that waits has been enqueued since `emptied` said so. */
  async filled(emptied: string): Promise<void> {
    await this.#sentinel.filled(emptied);
  }

  /** Milliseconds until an answer. Throws when Redis is away. */
  async ping(): Promise<number> {
    const started = performance.now();
    await this.#redis.ping();
    return performance.now() - started;
  }

  async close(): Promise<void> {
    await this.#queue.close().catch(() => undefined);
    this.#redis.disconnect();
  }
}

export function cancelChannel(prefix: string): string {
  return `${prefix}:cancel`;
}

function baseOf(run: Pick<RunDocument, 'order'>, bases: Bases): number {
  return Number(bases[run.order.class] ?? 0);
}

function jobIdOf(run: Pick<RunDocument, '_id' | 'epoch'>): string {
  return `${run._id}-${run.epoch}`;
}
