import type { Stream } from '@das/contracts/states';
import type { Database } from '@das/core/mongo/database';
import { connectDatabase } from '@das/core/mongo/database';
import { bytesOfChunk } from '@das/core/mongo/log-chunk-data';
import { LogStore } from '@das/core/mongo/log-store';
import type { LogSummary } from '@das/core/mongo/log-store';
import { settleWrites } from '@das/testkit/settle-writes';
import type {} from '@das/testkit/stack';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { inject } from 'vitest';
import type { AttemptLogOptions } from '../src/logs/attempt-log.ts';
import { AttemptLog } from '../src/logs/attempt-log.ts';
import { Spool } from '../src/logs/spool.ts';

type OpenOptions = Partial<AttemptLogOptions> & { directory?: string; maxBytes?: number };

/** For the tests of logs: a database of their own, and attempt logs fed by hand. */
export class LogTestStand {
  readonly database: Database;
  readonly store: LogStore;
  readonly directory: string;

  static async open(): Promise<LogTestStand> {
    return new LogTestStand(
      await testDatabase(inject('stack').mongodbUri, testName()),
      await mkdtemp(join(tmpdir(), 'das-log-')),
    );
  }

  private constructor(database: Database, directory: string) {
    this.database = database;
    this.store = new LogStore(database);
    this.directory = directory;
  }

  async openLog({ directory = this.directory, maxBytes = 64 * 1024 * 1024, ...options }: OpenOptions = {}) {
    const runId = options.runId ?? randomUUID();
    const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
    const log = new AttemptLog(Spool.open(join(directory, 'log.spool'), maxBytes), {
      runId,
      attempt: 1,
      store: this.store,
      now: () => new Date(),
      ...options,
    });
    log.follow(streams);
    return { runId, log, ...streams };
  }

  /** As it can be read once the end of the attempt is stored. */
  async summary(runId: string): Promise<LogSummary> {
    await settleWrites(this.database);
    return this.store.summary(runId, 1);
  }

  async readAll(runId: string, attempt = 1): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const bytes of this.store.stream(runId, attempt)) parts.push(bytes);
    return Buffer.concat(parts);
  }

  /** The bytes of one stream in the stored chunks. */
  async readStream(runId: string, stream: Stream): Promise<string> {
    const parts: Buffer[] = [];
    for await (const chunk of this.database.logChunks.find({ runId }, { sort: { offset: 1 } })) {
      const bytes = bytesOfChunk(chunk);
      let position = 0;
      for (const segment of chunk.segments) {
        if (segment.stream === stream) parts.push(bytes.subarray(position, position + segment.length));
        position += segment.length;
      }
    }
    return Buffer.concat(parts).toString();
  }

  async close(): Promise<void> {
    await this.database.db.dropDatabase();
    await this.database.close();
    await rm(this.directory, { recursive: true });
  }
}

function testName(): string {
  return `test_logs_${randomUUID().slice(0, 8)}`;
}

export function testDatabase(uri: string, database: string, timeoutMs = 5000): Promise<Database> {
  return connectDatabase({ uri, database, collection: 'sample', timeoutMs, appName: 'das-test' });
}
