import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@das/core/logging/logger';
import { isDatabaseAway } from '@das/core/mongo/errors';
import { MongoClient, MongoServerError } from 'mongodb';
import type { ChangeStreamOptions, Document, Timestamp } from 'mongodb';
import { Attendance } from './attendance.ts';

export type ChangedNoun = 'scripts' | 'runs' | 'workers' | 'launches';
/** One document that was inserted, changed or removed. `at` = when MongoDB did it. */
export type Change = { noun: ChangedNoun; id: string; at: Date };

export type ChangeFeedOptions = {
  uri: string;
  database: string;
  /** Collection of the tracked scripts. */
  scriptsCollection: string;
  onChange: (change: Change) => void;
  /** Changes may have been missed, and from now on none is: whoever watches has to fetch again. */
  onLost: () => void;
  /** Whether there is anybody to be told. */
  isWatched: () => boolean;
  log: Logger;
};

/** Changes are taken for so long, then comes a rest, which whoever watches does not notice. Milliseconds. */
const BUSY_MS = 5;
const REST_MS = 25;
/** Who comes waits so long for the beginning; where MongoDB takes longer, `onLost` follows. Milliseconds. */
const BEGIN_MS = 1000;
const RETRY_MS = [200, 500, 1000, 2000, 5000];
/** ChangeStreamHistoryLost, ChangeStreamFatalError, InvalidResumeToken, and the resume point being gone from the oplog. */
const LOST = new Set([286, 280, 260, 136, 222]);
/** So many failures in a row although MongoDB answers: it will not go on from that place, whatever the error is called. */
const HOPELESS = 3;
/** What takes many documents away at once and tells no ids. */
const WHOLESALE = ['drop', 'rename', 'dropDatabase'];

/** The stream cannot go on: its database was dropped. */
class Invalidated extends Error {
  override name = 'Invalidated';
}

/**
 * The one change stream of this process, on a client of its own: ids of what changed, nothing else. It is read while somebody watches:
 * MongoDB and this process have work with every change (docs/adr/0025). Goes on where it was
 * after an outage; when MongoDB no longer knows that place, it begins anew and says that changes were lost. It says so only
 * once the new beginning is fixed: who fetches then misses nothing.
 */
export class ChangeFeed {
  readonly #options: ChangeFeedOptions;
  readonly #client: MongoClient;
  readonly #attendance: Attendance;
  readonly #stopping = new AbortController();
  /** From where the stream goes on; undefined: nobody knows, so it begins anew. */
  #place: Pick<ChangeStreamOptions, 'resumeAfter' | 'startAtOperationTime'> | undefined;
  /** Resolves once there is a place. */
  #begun = Promise.withResolvers<void>();
  /** Somebody was let go before there was a place, or has missed something. */
  #owesNews = false;
  #restedAt = 0;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: ChangeFeedOptions) {
    this.#options = options;
    this.#attendance = new Attendance(options.isWatched);
    this.#client = new MongoClient(options.uri, {
      appName: 'das-api-feed',
      readConcern: { level: 'majority' },
      serverSelectionTimeoutMS: 2000,
      connectTimeoutMS: 2000,
      maxPoolSize: 2,
    });
  }

  start(): void {
    this.#ended = this.#watchForEver();
  }

  /** Somebody comes to watch. Once this resolves, all that changes is told; or `onLost` tells later from when on it is. */
  async attend(): Promise<void> {
    this.#attendance.arrive();
    if (this.#place) return;
    const late = sleep(BEGIN_MS, 'late', { ref: false });
    if ((await Promise.race([this.#begun.promise, late])) === 'late') this.#owesNews = true;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#attendance.arrive(); // whoever waits for somebody need not any more
    await this.#client.close(); // ends the stream, too
    await this.#ended;
  }

  async #watchForEver(): Promise<void> {
    const { signal } = this.#stopping;
    let failures = 0;
    while (!signal.aborted) {
      await this.#untilAttended();
      if (signal.aborted) return;
      try {
        await this.#watch(() => (failures = 0));
      } catch (error) {
        if (signal.aborted) return;
        this.#judge(error, failures);
        await sleep(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)], undefined, { signal }).catch(() => undefined);
        failures += 1;
      }
    }
  }

  async #untilAttended(): Promise<void> {
    if (this.#attendance.lasts()) return;
    this.#forgetPlace();
    this.#owesNews = false;
    await this.#attendance.next();
  }

  #forgetPlace(): void {
    if (this.#place) this.#begun = Promise.withResolvers();
    this.#place = undefined;
  }

  /** Until the stream ends or breaks, or nobody is there. */
  async #watch(alive: () => void): Promise<void> {
    const { database, onLost } = this.#options;
    if (!this.#place) await this.#beginAnew();
    const stream = this.#client
      .db(database)
      .watch<Document, Document>(this.#pipeline(), { ...this.#place, maxAwaitTimeMS: 1000, batchSize: 1000 });
    try {
      while (!this.#stopping.signal.aborted && this.#attendance.lasts()) {
        const event = await stream.tryNext();
        if (event?.['operationType'] === 'invalidate' || stream.closed)
          throw new Invalidated('the database was dropped');
        alive();
        this.#place = { resumeAfter: stream.resumeToken };
        // Of a stream that is over, `tryNext` answers null at once: nothing else would ever have its turn.
        if (!event) await nextTurn();
        else if (WHOLESALE.includes(String(event['operationType']))) onLost();
        else this.#options.onChange(this.#toChange(event));
        if (event) await this.#restFromTimeToTime();
      }
    } finally {
      await stream.close().catch(() => undefined);
    }
  }

  /**
   * While changes keep coming, every question is answered at once and with few of them: a pause lets the next ones gather on the
   * server, which spares both sides most of the questions.
   */
  async #restFromTimeToTime(): Promise<void> {
    if (performance.now() - this.#restedAt < BUSY_MS) return;
    await sleep(REST_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    this.#restedAt = performance.now();
  }

  /**
   * The time of what a majority has by now, which is what is fetched: the stream will tell everything behind it, however late it opens.
   * (A command that reads nothing tells the time of the last write instead, which a fetch may not see yet.)
   */
  async #beginAnew(): Promise<void> {
    const { operationTime } = await this.#client
      .db(this.#options.database)
      .command({ find: 'runs', limit: 1, projection: { _id: 1 }, readConcern: { level: 'majority' } });
    this.#place = { startAtOperationTime: operationTime as Timestamp };
    if (this.#owesNews) this.#options.onLost();
    this.#owesNews = false;
    this.#begun.resolve();
  }

  /** Only what changed; neither the document nor the fields. */
  #pipeline(): Document[] {
    const collections = [this.#options.scriptsCollection, 'runs', 'workers', 'launches'];
    const ours = ['insert', 'update', 'replace', 'delete', 'drop'];
    const matching = [
      { 'ns.coll': { $in: collections }, operationType: { $in: ours } },
      { operationType: { $in: ['rename', 'dropDatabase', 'invalidate'] } },
    ];
    return [
      { $match: { $or: matching } },
      { $project: { _id: 1, operationType: 1, 'ns.coll': 1, 'documentKey._id': 1, wallTime: 1 } },
    ];
  }

  #toChange(event: Document): Change {
    const collection = String(event['ns'].coll);
    const noun = collection === this.#options.scriptsCollection ? 'scripts' : (collection as ChangedNoun);
    const at = event['wallTime'] instanceof Date ? event['wallTime'] : new Date();
    return { noun, id: String(event['documentKey']._id), at };
  }

  #judge(error: unknown, failures: number): void {
    const { log } = this.#options;
    const lost =
      error instanceof Invalidated ||
      (error instanceof MongoServerError && LOST.has(Number(error.code))) ||
      (failures >= HOPELESS && !isDatabaseAway(error));
    if (lost) this.#forgetPlace();
    this.#owesNews ||= lost;
    if (lost) log.warn({ error }, 'changes were lost: the change stream begins anew, and watchers fetch again');
    else if (failures === 0) log.warn({ error }, 'the change stream broke; it goes on as soon as MongoDB answers');
  }
}
