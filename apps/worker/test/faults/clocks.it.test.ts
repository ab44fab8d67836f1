import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '@das/contracts/run';
import { breaches, LEDGER_SCRIPT, readLedger } from '@das/testkit/campaign/ledger';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { IN_TURN } from '@das/testkit/in-turn';
import { proxyTo } from '@das/testkit/proxy';
import type { AppProcess } from '@das/testkit/app-process';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

/** Guarantee 15: workers whose clocks are an hour ahead and an hour behind, beside one that is right. */
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const HOUR_MS = 3_600_000;
function shifted(ms: number) {
  const preload = new URL('clock-preload.ts', import.meta.url).href;
  return { CLOCK_SHIFT_MS: String(ms), NODE_OPTIONS: `--import ${preload}` };
}

const MINUTES_2 = 120_000;
const durations = (run: Run) => [
  run.durationMs ?? 0,
  ...run.attempts.map(({ startedAt, finishedAt }) => Date.parse(finishedAt ?? startedAt) - Date.parse(startedAt)),
];

async function expectSound(das: Das, run: Run): Promise<void> {
  for (const ms of durations(run)) expect(ms).toBeGreaterThanOrEqual(0);
  const times = [run.createdAt, run.startedAt, run.finishedAt, ...run.attempts.flatMap((at) => [at.startedAt, at.submittedAt, at.runningAt, at.finishedAt])]; // prettier-ignore
  for (const time of times) if (time) expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(HOUR_MS / 2);
  const { items } = (await das.call('getRunEvents', { params: { id: run.id } })).body;
  const order = items.map(({ at }) => Date.parse(at));
  expect(order).toEqual(order.toSorted((a, b) => a - b));
}

// Both parts mostly wait: for leases, and for what looks for forgotten jobs.
describe.concurrent('one whose clock is ahead beside one that is behind', () => {
  let das: Das;
  let script: string;
  let ledger: string;
  let workers: AppProcess[];
  beforeAll(async () => {
    das = await startDas({ stub: true, workers: 0, workerEnv: { WORKER_CONCURRENCY: '2' } });
    ledger = join(das.home, 'ledger');
    script = await das.putScript('driver.py', LEDGER_SCRIPT);
    workers = await Promise.all([das.addWorker(shifted(HOUR_MS)), das.addWorker(shifted(-HOUR_MS))]);
  });
  afterAll(() => das[Symbol.asyncDispose]());

  test(
    'runs and their retries: each backoff is kept, nothing waits for the hour, no duration is negative',
    IN_TURN,
    async () => {
      const sorts = [{ modes: '-', retries: 0 }, { modes: 'fail', retries: { max: 2, delayMs: 700 } }]; // prettier-ignore
      const submitted = await Promise.all(
        Array.from({ length: 12 }, (_, n) => {
          const { modes, retries } = sorts[n % 2] as (typeof sorts)[number];
          return das.submit({ script, args: [ledger, '0.2', modes], retries });
        }),
      );
      for (const { id } of submitted) {
        const run = await das.waitFor(id, undefined, { withinMs: MINUTES_2 });
        expect(run).toMatchObject({ losses: 0, state: run.retries.max > 0 ? 'failed' : 'completed' });
        await expectSound(das, run);
        for (const [n, { startedAt }] of run.attempts.slice(1).entries())
          expect(Date.parse(startedAt) - Date.parse(run.attempts[n]?.finishedAt ?? '')).toBeGreaterThanOrEqual(600);
      }
      const used = new Set((await das.db.runs.find().toArray()).flatMap(({ attempts }) => attempts.map(({ claims }) => claims[0]?.workerId))); // prettier-ignore
      expect(used).toEqual(new Set(workers.map(({ id }) => id)));
    },
  );

  test(
    'a run of the worker that is ahead, frozen past its lease, goes on at the one that is behind; and the other way round',
    IN_TURN,
    async () => {
      const args = [ledger, '300', 'stubborn+family+once'];
      for (const worker of workers) {
        const run = await das.submit({ script, args });
        const { workerId } = await das.waitFor(run.id, ({ phase }) => phase === 'running');
        const holder = workers.find(({ id }) => id === workerId) ?? worker;
        process.kill(holder.pid, 'SIGSTOP');
        const ended = await das.waitFor(run.id, undefined, { withinMs: MINUTES_2 });
        process.kill(holder.pid, 'SIGCONT');
        expect(ended).toMatchObject({ state: 'completed', failures: 0 });
        expect(ended.attempts.at(-1)?.claims[0]?.workerId).not.toBe(workerId);
        await expectSound(das, ended);
      }
      expect(breaches(await readLedger(ledger))).toEqual([]);
    },
  );
});

test.concurrent(
  'a claim that finds no MongoDB, put off by a worker that is ahead: nobody waits until its clock says so',
  async () => {
    await using das = await startDas({ stub: true, workers: 0 });
    const script = await das.putScript('driver.py', LEDGER_SCRIPT);
    const { proxy, uri } = await proxyTo(das.stack.mongodbUri);
    await using _ = proxy;
    const ahead = await das.addWorker({ ...shifted(HOUR_MS), MONGODB_URI: uri });
    proxy.cut();
    const run = await das.submit({ script, args: [join(das.home, 'ledger'), '0.2', '-'] });
    await ahead.printed(/MongoDB is away: the run is not claimed/);
    await sleep(1000); // until its job is delayed
    ahead.kill();
    await das.addWorker(shifted(-HOUR_MS));
    expect(await das.waitFor(run.id)).toMatchObject({ state: 'completed', losses: 0 });
  },
);
