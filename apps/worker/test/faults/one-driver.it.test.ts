import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '@das/contracts/run';
import { RunStore } from '@das/core/mongo/run-store';
import { breaches, LEDGER_SCRIPT, readLedger } from '@das/testkit/campaign/ledger';
import { startDas } from '@das/testkit/das';
import type { AppProcess } from '@das/testkit/app-process';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';
import { proxyTo } from '@das/testkit/proxy';
import type { Proxy } from '@das/testkit/proxy';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { supervisorsOf } from './process-tree.ts';

/**
 * Guarantee 4: at most one live driver per run. Four workers each run a script that ignores SIGTERM and has a child in a session of its
 * own with an empty environment; each loses its hold in another way. Their runs go on elsewhere, and then they come back.
 */
const releases = new AsyncDisposableStack();
afterAll(() => releases.disposeAsync());

type Case = { worker: AppProcess; first: Run };
let das: Das;
let script: string;
let ledger: string;
let toMongo: Proxy;
let toRedis: Proxy;
let frozen: Case;
let frozenWithSupervisor: Case;
let withoutMongo: Case;
let withoutRedis: Case;
const supervisors: number[] = [];

beforeAll(async () => {
  das = await startDas({ stub: true, workers: 0, workerEnv: { WORKER_CONCURRENCY: '1' } });
  ledger = join(das.home, 'ledger');
  script = await das.putScript('driver.py', LEDGER_SCRIPT);
  const [mongo, redis] = await Promise.all([proxyTo(das.stack.mongodbUri), proxyTo(das.stack.redisUrl)]);
  toMongo = releases.use(mongo.proxy);
  toRedis = releases.use(redis.proxy);
  releases.use(das); // ends before its proxies do
  const workers = await Promise.all([
    das.addWorker(),
    das.addWorker(),
    das.addWorker({ MONGODB_URI: mongo.uri }),
    das.addWorker({ REDIS_URL: redis.uri }),
  ]);
  const args = [ledger, '300', 'stubborn+family+once'];
  const submitted = await Promise.all(workers.map(() => das.submit({ script, args })));
  const running = await Promise.all(submitted.map(({ id }) => das.waitFor(id, ({ phase }) => phase === 'running')));
  const cases = workers.map((worker): Case => {
    const first = running.find(({ workerId }) => workerId === worker.id);
    if (!first) throw new Error(`${worker.id} has no run`);
    return { worker, first };
  });
  [frozen, frozenWithSupervisor, withoutMongo, withoutRedis] = cases as [Case, Case, Case, Case];
});

const states = (run: Run) => run.attempts.map(({ state }) => state);
const seenSince = async (id: string) => (await das.call('getRunEvents', { params: { id } })).body.items.length;

describe('a worker that loses its hold', () => {
  beforeAll(async () => {
    supervisors.push(...(await supervisorsOf(frozenWithSupervisor.worker.pid)));
    for (const pid of supervisors) process.kill(pid, 'SIGSTOP');
    for (const { worker } of [frozen, frozenWithSupervisor]) process.kill(worker.pid, 'SIGSTOP');
    toMongo.cut();
    toRedis.cut();
    await das.addWorker({ WORKER_CONCURRENCY: '4' });
  });

  test('frozen, alone or with its supervisor, or without MongoDB: another one finishes, after the old tree is dead', async () => {
    expect(supervisors).toHaveLength(1);
    for (const { first } of [frozen, frozenWithSupervisor, withoutMongo]) {
      const run = await das.waitFor(first.id);
      expect(run).toMatchObject({ state: 'completed', failures: 0 });
      expect(states(run)[0]).toBe('lost');
      expect(run.losses).toBeGreaterThanOrEqual(1);
    }
    expect(breaches(await readLedger(ledger))).toEqual([]);
  });

  test('without Redis: it keeps its lease and its run', async () => {
    const run = await das.run(withoutRedis.first.id);
    expect(run).toMatchObject({ state: 'running', losses: 0, workerId: withoutRedis.worker.id });
  });

  test('its late writes are refused by the fencing token', async () => {
    const runs = new RunStore(das.db);
    const run = await das.run(frozen.first.id);
    const late = { runId: run.id, fencingToken: 1 };
    expect(await runs.noteAttempt({ ...late, n: 1 }, { phase: 'finishing' })).toBe(false);
    const move = { ...late, name: 'complete', from: 'running', actor: 'late', reason: 'late' } as const;
    expect(await runs.move(move)).toBeNull();
    expect(await das.run(run.id)).toEqual(run);
  });

  test('once back, it changes nothing of what it has lost, and takes runs again', async () => {
    const lost = [frozen, frozenWithSupervisor, withoutMongo].map(({ first }) => first.id);
    const before = await Promise.all(lost.map(seenSince));
    for (const pid of supervisors) process.kill(pid, 'SIGCONT');
    for (const { worker } of [frozen, frozenWithSupervisor]) process.kill(worker.pid, 'SIGCONT');
    toMongo.resume();
    toRedis.resume();
    await eventually('no supervisor of a lost run lives', () => supervisorsOf(frozen.worker.pid), (pids) => pids.length === 0); // prettier-ignore
    const again = await Promise.all(
      Array.from({ length: 12 }, () => das.submit({ script, args: [ledger, '0.5', '-'] })),
    );
    for (const { id } of again) expect(await das.waitFor(id)).toMatchObject({ state: 'completed', losses: 0 });
    const workers = new Set((await Promise.all(again.map(({ id }) => das.run(id)))).map((run) => run.attempts[0]?.claims[0]?.workerId)); // prettier-ignore
    expect(workers.size).toBeGreaterThan(1);
    await sleep(500);
    expect(await Promise.all(lost.map(seenSince))).toEqual(before);
    expect(breaches(await readLedger(ledger))).toEqual([]);
  });

  test('a cancel reaches a run on a worker whose Redis link is back', async () => {
    await das.call('cancelRun', { params: { id: withoutRedis.first.id } });
    expect((await das.waitFor(withoutRedis.first.id)).state).toBe('cancelled');
  });
});
