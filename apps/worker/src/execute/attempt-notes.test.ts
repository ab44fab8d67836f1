import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createLogger } from '@das/core/logging/logger';
import type { AttemptDocument } from '@das/core/mongo/documents';
import { AttemptNotes } from './attempt-notes.ts';
import { Hold } from './hold.ts';
import { monotonicMs } from './supervisor.ts';

/** Longer than notes gather. */
const GATHERED_MS = 150;

type Stores = ConstructorParameters<typeof AttemptNotes>[0];

function notesOf(noteAttempt: (held: unknown, set: Partial<AttemptDocument>) => Promise<boolean>): AttemptNotes {
  const stores = { db: { clock: { now: () => new Date() } }, runs: { noteAttempt } } as unknown as Stores;
  const { log } = createLogger({ level: 'silent', format: 'text', file: '' });
  const hold = new Hold({ runId: 'r', attempt: 1, fencingToken: 1 }, 60_000, monotonicMs());
  return new AttemptNotes(stores, '/job.py', hold, log);
}

test('what MongoDB did not take goes along with what comes next, and the newest of each counts', async () => {
  const written: Partial<AttemptDocument>[] = [];
  let isAway = true;
  const notes = notesOf((_held, set) => {
    if (isAway) return Promise.reject(new Error('no primary'));
    written.push(set);
    return Promise.resolve(true);
  });

  notes.submitting();
  await sleep(GATHERED_MS);
  isAway = false;
  notes.running();
  await sleep(GATHERED_MS);
  expect(written).toMatchObject([{ phase: 'running', submittedAt: expect.any(Date), runningAt: expect.any(Date) }]);

  isAway = true;
  notes.finishing(7);
  await sleep(GATHERED_MS);
  expect(await notes.close()).toEqual({ phase: 'finishing', logSize: 7 });
});

test('a script whose output is read after its end finishes; it does not run again', async () => {
  const notes = notesOf(() => Promise.resolve(true));
  notes.finishing(0);
  notes.running();
  expect(await notes.close()).toEqual({ phase: 'finishing', logSize: 0, runningAt: expect.any(Date) });
});
