import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';
import { processesWith } from '@das/testkit/processes';

/** Retries, time-outs and cancels: what an attempt's end means for its run. */
let das: Das;
let failing: string;
let sleeping: string;
beforeAll(async () => {
  das = await startDas({ stub: true });
  failing = await das.putScript('failing.py', 'import sys\nsys.exit(3)\n');
  sleeping = await das.putScript('sleeping.py', 'import time\nprint("up", flush=True)\ntime.sleep(60)\n');
});
afterAll(() => das[Symbol.asyncDispose]());

const gaps = (attempts: { startedAt: string; finishedAt: string | null }[]) =>
  attempts.slice(1).map(({ startedAt }, i) => Date.parse(startedAt) - Date.parse(attempts[i]?.finishedAt ?? ''));

describe('retries', () => {
  test('fixed: the same delay before each, and nextAttemptAt says when', async () => {
    const run = await das.submit({ script: failing, retries: { max: 2, backoff: 'fixed', delayMs: 700 } });
    const retrying = await das.waitFor(run.id, ({ state }) => state === 'retrying', { everyMs: 20 });
    expect(retrying).toMatchObject({ waiting: { reason: 'backoff' }, failures: expect.any(Number) as number });
    expect(Date.parse(retrying.nextAttemptAt ?? '') - Date.parse(retrying.attempts.at(-1)?.finishedAt ?? '')).toBe(700);
    const ended = await das.waitFor(run.id);
    expect(ended).toMatchObject({
      state: 'failed',
      failures: 3,
      failure: { kind: 'exit_code' },
      result: { exitCode: 3 },
    });
    expect(ended.nextAttemptAt).toBeUndefined();
    expect(ended.waiting).toBeUndefined();
    expect(ended.attempts.map(({ n, state, exitCode }) => [n, state, exitCode])).toEqual([
      [1, 'failed', 3],
      [2, 'failed', 3],
      [3, 'failed', 3],
    ]);
    for (const gap of gaps(ended.attempts)) expect(gap).toBeGreaterThanOrEqual(690);
  });

  test('exponential: the delay doubles up to its limit', async () => {
    const retries = { max: 3, backoff: 'exponential', delayMs: 300, maxDelayMs: 600, jitter: 0 } as const;
    const { attempts } = await das.runToEnd({ script: failing, retries });
    const [first = 0, second = 0, third = 0] = gaps(attempts);
    expect(first).toBeGreaterThanOrEqual(290);
    expect(second).toBeGreaterThanOrEqual(590);
    expect(third).toBeGreaterThanOrEqual(590);
    expect(third).toBeLessThan(1200 + 1000); // the limit held, on a busy machine too
  });

  test('a syntax error is not retried, and the run says why; with notOn: [] it is', async () => {
    const script = await das.putScript('syntax.py', 'def broken(:\n');
    const run = await das.runToEnd({ script, retries: 1 });
    expect(run).toMatchObject({ state: 'failed', failures: 1, failure: { kind: 'python_syntax' } });
    expect(run.failure?.notRetried).toBeTruthy();
    const stubborn = await das.runToEnd({ script, retries: { max: 1, delayMs: 0, notOn: [] } });
    expect(stubborn.attempts).toHaveLength(2);
  });

  test('a failure that succeeds in the end', async () => {
    const script = await das.putScript('flaky.py', 'import os, sys\nsys.exit(int(os.environ["DAS_ATTEMPT"]) < 3)\n');
    const run = await das.runToEnd({ script, retries: { max: 5, delayMs: 0 } });
    expect(run).toMatchObject({ state: 'completed', failures: 2, attemptCount: 3 });
    expect(run.failure).toBeUndefined();
  });
});

test('a time-out is per attempt, and ends the whole tree', async () => {
  const run = await das.runToEnd({ script: sleeping, timeoutMs: 1000, retries: { max: 1, delayMs: 0 } });
  expect(run).toMatchObject({ state: 'failed', failures: 2, failure: { kind: 'timeout' } });
  expect(run.failure?.summary).toContain('1 s');
  expect(run.attempts.map(({ failure }) => failure?.kind)).toEqual(['timeout', 'timeout']);
  expect(await processesWith(`DAS_RUN_ID=${run.id}`)).toEqual([]);
});

test('a script that ends by a signal', async () => {
  const script = await das.putScript('killed.py', 'import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n');
  const run = await das.runToEnd({ script });
  expect(run).toMatchObject({ state: 'failed', failure: { kind: 'exit_code' }, result: { exitCode: 137 } });
  expect(run.failure?.summary).toMatch(/possibly killed by signal 9/);
});

describe('cancel', () => {
  const cancel = async (id: string) => (await das.call('cancelRun', { params: { id } })).body.state;

  test('while it runs', async () => {
    const run = await das.submit({ script: sleeping });
    await das.waitFor(run.id, ({ phase }) => phase === 'running', { everyMs: 20 });
    expect(await cancel(run.id)).toBe('cancelling');
    expect(await das.waitFor(run.id)).toMatchObject({ state: 'cancelled', attempts: [{ state: 'cancelled' }] });
    expect(await processesWith(`DAS_RUN_ID=${run.id}`)).toEqual([]);
  });

  test('while it waits for a retry: at once, and no attempt follows', async () => {
    const run = await das.submit({ script: failing, retries: { max: 1, delayMs: 1500 } });
    await das.waitFor(run.id, ({ state }) => state === 'retrying', { everyMs: 20 });
    expect(await cancel(run.id)).toBe('cancelled');
    await sleep(2500);
    expect(await das.run(run.id)).toMatchObject({ state: 'cancelled', attemptCount: 1 });
  });

  test('while it is queued: at once, and it never starts', async () => {
    const fillers = await Promise.all(Array.from({ length: 4 }, () => das.submit({ script: sleeping })));
    await Promise.all(fillers.map(({ id }) => das.waitFor(id, ({ state }) => state === 'running')));
    const run = await das.submit({ script: failing });
    expect(await das.run(run.id)).toMatchObject({ state: 'queued', waiting: { reason: 'workers_busy', position: 0 } });
    expect(await cancel(run.id)).toBe('cancelled');
    await Promise.all(fillers.map(({ id }) => cancel(id)));
    await Promise.all(fillers.map(({ id }) => das.waitFor(id)));
    expect(await das.run(run.id)).toMatchObject({ state: 'cancelled', attemptCount: 0, startedAt: null });
  });

  test('what has ended cannot be cancelled: invalid_state', async () => {
    const run = await das.runToEnd({ script: failing });
    const { status, problem } = await das.api.refused('cancelRun', { params: { id: run.id } });
    expect([status, problem.code]).toEqual([409, 'invalid_state']);
  });

  test('of a launch: every run that has not ended', async () => {
    const items = [{ script: failing }, ...Array.from({ length: 6 }, () => ({ script: sleeping }))];
    const launch = (await das.call('createLaunch', { body: { items } })).body;
    await das.waitFor(launch.runs[0]?.id ?? '');
    const { body } = await das.call('cancelLaunch', { params: { id: launch.id } });
    expect([body.matched, body.items.every(({ ok }) => ok)]).toEqual([6, true]);
    const ended = await eventually(
      'the launch ends',
      async () => (await das.call('getLaunch', { params: { id: launch.id } })).body,
      ({ state }) => state !== 'active',
    );
    expect(ended).toMatchObject({ state: 'failed', counts: { failed: 1, cancelled: 6 } });
  });
});
