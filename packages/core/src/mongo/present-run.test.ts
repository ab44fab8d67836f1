import { expect, it } from 'vitest';
import { runSchema } from '@das/contracts/run';
import { mergeSettings } from '../domain/run-settings.ts';
import type { RunDocument } from './documents.ts';
import { newRunDocument } from './new-run.ts';
import { presentRun } from './present-run.ts';

const now = new Date('2026-01-02T03:04:05.006Z');
const WELL = { alive: true, resting: null };
const sha256 = 'a'.repeat(64);
const { effective } = mergeSettings(
  { retries: 1, timeoutMs: null },
  { item: { conf: { 'spark.sql.shuffle.partitions': '4' }, labels: { 'a.b$': 'x' } } },
);
const stored = (given: Partial<RunDocument> = {}): RunDocument => ({
  ...newRunDocument({
    manifest: [
      { role: 'script', path: '/s/a.py', sha256, size: 3 },
      { role: 'pyFile', path: '/s/m.zip', sha256, size: 3 },
      { role: 'file', path: '/s/data', sha256, size: 3 },
    ],
    effective, submittedBy: { id: 'me', via: 'header' }, launchId: null, rerunOf: null, tag: 1, now,
  }),
  ...given,
}); // prettier-ignore

it('is what the contract says, at every stage', () => {
  const attempt = {
    n: 1, state: 'running', phase: 'submitting', claims: [{ workerId: 'w', from: now, to: null }], startedAt: now, submittedAt: null, runningAt: null,
    finishedAt: null, exitCode: null, signal: null, sparkAppId: null, trackingUrl: null, logSize: 0, command: ['spark-submit'],
  } as const; // prettier-ignore
  const running = stored({
    state: 'running',
    startedAt: now,
    attemptCount: 1,
    workerId: 'w',
    attempts: [{ ...attempt, claims: [...attempt.claims], command: [...attempt.command] }],
  });
  const failed = stored({
    state: 'failed',
    startedAt: now,
    finishedAt: new Date(now.getTime() + 1500),
    failure: { kind: 'exit_code', summary: 's', excerpt: '' },
  });
  for (const run of [stored(), running, failed])
    expect(runSchema.strict().safeParse(presentRun(run, { crew: WELL, now })).error).toBeUndefined();
  expect(presentRun(running, { crew: WELL, now })).toMatchObject({
    phase: 'submitting',
    workerId: 'w',
    durationMs: null,
    pyFiles: ['/s/m.zip'],
    files: ['/s/data'],
    labels: { 'a.b$': 'x' },
  });
  expect(presentRun(failed, { crew: WELL, now })).toMatchObject({
    phase: null,
    durationMs: 1500,
    createdAt: '2026-01-02T03:04:05.006Z',
  });
});

it('never lasted less than nothing', () => {
  const ended = stored({ state: 'completed', startedAt: now, finishedAt: new Date(now.getTime() - 3) });
  expect(presentRun(ended, { crew: WELL, now }).durationMs).toBe(0);
});

it('says why it waits: what is stored, else what its surroundings say; nothing once it runs', () => {
  const waiting = (run: RunDocument, alive: boolean, position?: number) =>
    presentRun(run, { crew: { alive, resting: null }, position, now }).waiting;
  expect(waiting(stored(), false)).toMatchObject({ reason: 'no_worker', since: now.toISOString() });
  expect(waiting(stored(), true, 3)).toMatchObject({ reason: 'workers_busy', position: 3 });
  const told = { reason: 'queue_unavailable', since: now, detail: 'd' } as const;
  expect(waiting(stored({ waiting: told }), true)).toEqual({ ...told, since: now.toISOString() });
  expect(waiting(stored({ state: 'running', waiting: told }), true)).toBeUndefined();
});

it('waits for a place once the delay before its next attempt is over', () => {
  const waiting = { reason: 'backoff', since: now, detail: 'd' } as const;
  const nextAttemptAt = new Date(now.getTime() + 1000);
  const run = stored({ state: 'retrying', waiting, nextAttemptAt });
  const at = (ms: number, alive = true) =>
    presentRun(run, { crew: { alive, resting: null }, now: new Date(now.getTime() + ms) }).waiting;
  expect(at(999)).toMatchObject({ reason: 'backoff', since: now.toISOString() });
  expect(at(1000)).toMatchObject({ reason: 'workers_busy', since: nextAttemptAt.toISOString() });
  expect(at(1000, false)).toMatchObject({ reason: 'no_worker' });
});

it('says what all workers lack that rest', () => {
  const waiting = (lacksHdfs: boolean) =>
    presentRun(stored(), { crew: { alive: true, resting: { why: 'The disk is full.', lacksHdfs } }, now }).waiting;
  expect(waiting(false)).toMatchObject({ reason: 'no_worker', detail: 'No worker takes runs now. The disk is full.' });
  expect(waiting(true)).toMatchObject({ reason: 'hdfs_unavailable' });
});
