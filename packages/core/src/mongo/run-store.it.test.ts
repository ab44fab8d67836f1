import { randomUUID } from 'node:crypto';
import { ownDatabase } from '@das/testkit/own-database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from './database.ts';
import type { AttemptDocument } from './documents.ts';
import { RunStore } from './run-store.ts';

let db: Database & AsyncDisposable;
beforeAll(async () => {
  db = await ownDatabase();
});
afterAll(() => db[Symbol.asyncDispose]());

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
