import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '@das/contracts/run';
import { breaches, LEDGER_SCRIPT, readLedger } from '@das/testkit/campaign/ledger';
import { startOwnServices } from '@das/testkit/campaign/own-services';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { IN_TURN } from '@das/testkit/in-turn';
import { proxyTo } from '@das/testkit/proxy';
import type { Proxy } from '@das/testkit/proxy';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

/** Guarantee 8: losses use up no retry; MAX_LOSSES workers lost end a run; outages of MongoDB and HDFS do not count towards that. */
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const MAX_LOSSES = 3;
const LEASE_MS = 8000;
const env = { MAX_LOSSES: String(MAX_LOSSES), LEASE_MS: String(LEASE_MS) };

/** A script that goes on until attempt `n`. */
const untilAttempt = (das: Das, n: number) =>
  das.putScript(`until-${n}.py`, LEDGER_SCRIPT.replace('"once" not in modes or attempt == "1"', `int(attempt) < ${n}`));
const runs = (das: Das, id: string, attempt: number) =>
  das.waitFor(id, (run) => run.attemptCount === attempt && run.phase === 'running', { withinMs: 90_000 });
const lossesOf = (run: Run) => run.attempts.flatMap(({ loss }) => (loss ? [loss.kind] : []));
const argsFor = (ledger: string) => [ledger, '300', 'stubborn+family'];

// Beside the others: all of them mostly wait for leases.
test.concurrent(
  'MongoDB is away for longer than the lease: a loss of its own kind, which no worker is blamed for',
  async () => {
    await using services = await startOwnServices();
    await using das = await startDas({
      stub: true,
      stack: { mongodbUri: services.mongo.url, redisUrl: services.redis.url },
      env,
    });
    const ledger = join(das.home, 'ledger');
    const run = await das.submit({ script: await untilAttempt(das, 2), args: argsFor(ledger) });
    await runs(das, run.id, 1);
    await services.mongo.kill();
    await sleep(1.5 * LEASE_MS);
    await services.mongo.restart();
    const ended = await das.waitFor(run.id, undefined, { withinMs: 90_000 });
    expect(ended).toMatchObject({ state: 'completed', failures: 0 });
    expect(new Set(lossesOf(ended))).toEqual(new Set(['database_unavailable']));
    expect((await das.db.runs.findOne({ _id: run.id }))?.workerLosses).toBe(0);
    expect(breaches(await readLedger(ledger))).toEqual([]);
  },
);

describe.concurrent('workers, and HDFS', () => {
  const releases = new AsyncDisposableStack();
  afterAll(() => releases.disposeAsync());
  let das: Das;
  let ledger: string;
  let hdfs: { proxy: Proxy; uri: string };
  beforeAll(async () => {
    das = await startDas({ stub: true, workers: 0, env });
    hdfs = await proxyTo(das.stack.hdfsUrl);
    releases.use(hdfs.proxy);
    releases.use(das);
    ledger = join(das.home, 'ledger');
  });

  test(
    'the answer to a claim is lost: the worker finds out that the run is its own, and nothing is lost',
    IN_TURN,
    async () => {
      const preload = new URL('lost-answer-preload.ts', import.meta.url).href;
      const worker = await das.addWorker({ NODE_OPTIONS: `--import ${preload}` });
      const run = await das.submit({ script: await untilAttempt(das, 1), args: argsFor(ledger) });
      expect(await das.waitFor(run.id)).toMatchObject({ state: 'completed', losses: 0, attemptCount: 1 });
      expect(worker.log).toContain('the answer was lost');
      await worker.stop();
    },
  );

  test('HDFS is away: losses that say so and back off, none of which counts', IN_TURN, async () => {
    hdfs.proxy.cut();
    const run = await das.submit({ script: await untilAttempt(das, 1), args: argsFor(ledger) });
    const workers = [];
    // Each loses one attempt, and then waits for HDFS.
    for (let losses = 1; losses <= MAX_LOSSES; losses += 1) {
      workers.push(await das.addWorker({ HDFS_URL: hdfs.uri, HDFS_DEADLINE_MS: '500' }));
      const waiting = await das.waitFor(run.id, (seen) => seen.losses === losses && seen.state === 'retrying');
      expect(waiting.waiting?.reason).toBe('hdfs_unavailable');
    }
    hdfs.proxy.resume();
    const ended = await das.waitFor(run.id, undefined, { withinMs: 60_000 });
    expect(ended).toMatchObject({ state: 'completed', failures: 0 });
    expect(new Set(lossesOf(ended))).toEqual(new Set(['hdfs_unavailable']));
    await Promise.all(workers.map((worker) => worker.stop()));
  });

  test(
    'workers are killed under a run with no retries: it completes; at MAX_LOSSES it fails as too_many_losses',
    IN_TURN,
    async () => {
      const survivor = await das.submit({
        script: await untilAttempt(das, MAX_LOSSES),
        args: argsFor(ledger),
        retries: 0,
      });
      const doomed = await das.submit({ script: await untilAttempt(das, 99), args: argsFor(ledger), retries: 5 });
      for (let attempt = 1; attempt <= MAX_LOSSES; attempt += 1) {
        const worker = await das.addWorker();
        if (attempt < MAX_LOSSES) await runs(das, survivor.id, attempt);
        await runs(das, doomed.id, attempt);
        if (attempt === MAX_LOSSES) await das.waitFor(survivor.id);
        worker.kill();
      }
      const completed = await das.run(survivor.id);
      expect(completed).toMatchObject({ state: 'completed', failures: 0, losses: MAX_LOSSES - 1 });
      expect(new Set(lossesOf(completed))).toEqual(new Set(['worker_lost']));
      const failed = await das.waitFor(doomed.id, undefined, { withinMs: 60_000 });
      expect(failed).toMatchObject({
        state: 'failed',
        failures: 0,
        losses: MAX_LOSSES,
        failure: { kind: 'too_many_losses' },
      });
      expect(failed.failure?.summary).toContain(`MAX_LOSSES ${MAX_LOSSES}`);
      expect(breaches(await readLedger(ledger))).toEqual([]);
    },
  );
});
