import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connectDatabase } from './database.ts';
import type { Database } from './database.ts';
import type { AttemptDocument } from './documents.ts';
import { RunStore } from './run-store.ts';

let db: Database;
beforeAll(async () => {
  const { mongodbUri: uri } = inject('stack');
  const database = `das-runs-${randomUUID().slice(0, 8)}`;
  db = await connectDatabase({ uri, database, collection: 'sample', timeoutMs: 20_000, appName: 'das-test' });
});
afterAll(async () => {
  await db.db.dropDatabase();
  await db.close();
});

test('a run with a long command can be tried more often than its document has room for', async () => {
  const runs = new RunStore(db);
  const command = ['spark-submit', 'x'.repeat(1024 * 1024)];
  const runId = randomUUID();
  await db.runs.insertOne({ _id: runId, state: 'queued', fencingToken: 0, attempts: [], events: [], seq: 1 } as never);
  const to = { runId, fencingToken: 0, actor: 'test', reason: 'again' };
  for (let n = 1; n <= 20; n += 1) {
    const pushAttempt = { n, state: 'running', command } as AttemptDocument;
    await runs.move({ ...to, name: 'claim', from: n === 1 ? 'queued' : 'retrying', pushAttempt });
    await runs.move({ ...to, name: 'retry', from: 'running' });
  }
  const run = await runs.find(runId);
  expect(run?.attempts.map(({ n }) => n)).toEqual([16, 17, 18, 19, 20]);
}, 60_000);
