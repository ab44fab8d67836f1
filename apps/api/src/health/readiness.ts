import type { Readiness } from '@das/contracts/system';
import type { Hdfs } from '@das/core/hdfs/client';
import type { Database } from '@das/core/mongo/database';
import { crewOf } from '@das/core/mongo/worker-registry';
import type { RunQueue } from '@das/core/queue/run-queue';
import type { WorkerView } from '../workers/worker-view.ts';

export type Dependencies = { db: Database; queue: RunQueue; hdfs: Hdfs; workers: WorkerView };
type Component = Readiness['mongodb'];

/** Within this a component answers or counts as away. Milliseconds. */
const PROBE_MS = 1500;

/** What DAS depends on, asked now and all at once. Only without MongoDB nothing works. Never rejects. */
export async function readReadiness({ db, queue, hdfs, workers }: Dependencies): Promise<Readiness> {
  const [mongodb, redis, hdfsAnswer, spark] = await Promise.all([
    probe(() => db.ping()),
    probe(() => queue.ping()),
    probe(() => hdfs.ping({ deadlineMs: PROBE_MS })),
    probe(() => findWorker(workers)),
  ]);
  const components = { mongodb, redis, hdfs: hdfsAnswer, spark };
  const allOk = Object.values(components).every(({ ok }) => ok);
  return { status: mongodb.ok ? (allOk ? 'ok' : 'degraded') : 'down', ...components };
}

/** Spark is where the workers are: they checked it when they started. */
async function findWorker(workers: WorkerView): Promise<void> {
  const list = await workers.list();
  const { resting } = crewOf(list);
  if (resting) throw new Error(`no worker takes runs now. ${resting.why}`);
  if (!list.some(({ state }) => state === 'active')) throw new Error('no active worker: start one');
}

async function probe(ask: () => Promise<unknown>): Promise<Component> {
  const started = performance.now();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${PROBE_MS} ms`)), PROBE_MS);
  try {
    await Promise.race([ask(), late.promise]);
    return { ok: true, latencyMs: elapsed(started) };
  } catch (error) {
    return { ok: false, latencyMs: elapsed(started), error: (error as Error).message };
  } finally {
    clearTimeout(timer);
  }
}

function elapsed(started: number): number {
  return Math.round((performance.now() - started) * 10) / 10;
}
