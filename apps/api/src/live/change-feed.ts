import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@das/core/logging/logger';
import { MongoClient, MongoServerError } from 'mongodb';
import type { Document, ResumeToken } from 'mongodb';

export type ChangedNoun = 'scripts' | 'runs' | 'workers' | 'launches';
/** One document that was inserted, changed or removed. `at` = when MongoDB did it. */
export type Change = { noun: ChangedNoun; id: string; at: Date };

export type ChangeFeedOptions = {
  uri: string;
  database: string;
  /** Collection of the tracked scripts. */
  scriptsCollection: string;
  onChange: (change: Change) => void;
  /** Changes were missed: whoever watches has to fetch again. */
  onLost: () => void;
  log: Logger;
};

const RETRY_MS = [200, 500, 1000, 2000, 5000];
/** ChangeStreamHistoryLost, ChangeStreamFatalError, InvalidResumeToken, and the resume point being gone from the oplog. */
const LOST = new Set([286, 280, 260, 136, 222]);

/**
 * The one change stream of this process, on a client of its own: ids of what changed, nothing else. Goes on where it was
 * after an outage; when MongoDB no longer knows that place, says that changes were lost.
 */
export class ChangeFeed {
  readonly #options: ChangeFeedOptions;
  readonly #client: MongoClient;
  readonly #stopping = new AbortController();
  #resumeAfter: ResumeToken | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: ChangeFeedOptions) {
    this.#options = options;
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

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#client.close(); // ends the stream, too
    await this.#ended;
  }

  async #watchForEver(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        await this.#watch(() => (failures = 0));
      } catch (error) {
        if (signal.aborted) return;
        this.#judge(error, failures);
      }
      await sleep(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)], undefined, { signal }).catch(() => undefined);
    }
  }

  /** Until the stream ends or breaks. */
  async #watch(alive: () => void): Promise<void> {
    const { database, onChange } = this.#options;
    const resume = this.#resumeAfter === undefined ? {} : { resumeAfter: this.#resumeAfter };
    const stream = this.#client
      .db(database)
      .watch<Document, Document>(this.#pipeline(), { ...resume, maxAwaitTimeMS: 1000, batchSize: 1000 });
    try {
      while (!this.#stopping.signal.aborted) {
        const event = await stream.tryNext();
        alive();
        this.#resumeAfter = stream.resumeToken;
        if (event) onChange(this.#toChange(event));
      }
    } finally {
      await stream.close().catch(() => undefined);
    }
  }

  /** Only what changed; neither the document nor the fields. */
  #pipeline(): Document[] {
    const { scriptsCollection } = this.#options;
    return [
      {
        $match: {
          'ns.coll': { $in: [scriptsCollection, 'runs', 'workers', 'launches'] },
          operationType: { $in: ['insert', 'update', 'replace', 'delete'] },
        },
      },
      { $project: { _id: 1, 'ns.coll': 1, 'documentKey._id': 1, wallTime: 1 } },
    ];
  }

  #toChange(event: Document): Change {
    const collection = String(event['ns'].coll);
    const noun = collection === this.#options.scriptsCollection ? 'scripts' : (collection as ChangedNoun);
    const at = event['wallTime'] instanceof Date ? event['wallTime'] : new Date();
    return { noun, id: String(event['documentKey']._id), at };
  }

  #judge(error: unknown, failures: number): void {
    const { log, onLost } = this.#options;
    const lost = error instanceof MongoServerError && LOST.has(Number(error.code));
    if (failures === 0 || lost)
      log.warn(
        { error },
        lost
          ? 'changes were lost: watchers fetch again'
          : 'the change stream broke; it goes on as soon as MongoDB answers',
      );
    if (!lost) return;
    this.#resumeAfter = undefined;
    onLost();
  }
}
