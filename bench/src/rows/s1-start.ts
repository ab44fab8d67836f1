import { setTimeout as sleep } from 'node:timers/promises';
import { startDas } from '@das/testkit/das';
import { BareWorker } from '../bare-worker.ts';
import { AS_SHIPPED, quantile } from '../measure.ts';
import type { Row } from '../measure.ts';
import { Stub, nowMs } from '../stub.ts';

/** What a run leaves to be written behind it is written by then: the worker is idle, as the bare one is. */
const IDLE_MS = 150;

/** From the 202 to the execution of spark-submit, on an idle, warm worker. */
export async function s1(quick: boolean): Promise<Row[]> {
  const count = quick ? 20 : 100;
  const stub = await Stub.make();
  await using das = await startDas({ env: { ...AS_SHIPPED, SPARK_SUBMIT: stub.path } });
  const script = await das.putScript('job.py', 'pass\n');
  for (let i = 0; i < 3; i += 1) await das.runToEnd({ script });
  const bareStub = await Stub.make();
  await using bare = await BareWorker.start(das.stack.redisUrl, bareStub.path, 1);
  for (let i = 0; i < 3; i += 1) await bare.runAll(1);
  const [ours, theirs]: [number[], number[]] = [[], []];
  // By turns, so that whatever else the machine does is shared by both.
  for (let i = 0; i < count; i += 1) {
    ours.push(
      await delay(stub, async () => {
        const { id } = await das.submit({ script });
        return { at: nowMs(), ended: das.waitFor(id, undefined, { everyMs: 20 }) };
      }),
    );
    theirs.push(
      await delay(bareStub, async () => {
        await bare.queue.add('job', {});
        return { at: nowMs(), ended: null };
      }),
    );
  }
  const row = (what: string, q: number, goal: Row['goal']): Row => {
    const [a, b] = [quantile(ours, q), quantile(theirs, q)];
    return { id: 'S1', what, goal, das: a, baseline: b, unit: 'ms', ratio: goal?.value === 60 ? null : a / b };
  };
  return [
    row('202 → exec of spark-submit, p50', 0.5, { op: '≤', value: 1.5 }),
    row('202 → exec of spark-submit, p99', 0.99, { op: '≤', value: 60 }),
  ];
}

/** Submits once nothing is left to be done; milliseconds from the acceptance to the execution. */
async function delay(
  stub: Stub,
  submit: () => Promise<{ at: number; ended: Promise<unknown> | null }>,
): Promise<number> {
  await sleep(IDLE_MS);
  const before = (await stub.times()).length;
  const { at, ended } = await submit();
  await ended;
  let times = await stub.times();
  while (times.length <= before) {
    await sleep(10);
    times = await stub.times();
  }
  return Math.max(0, (times[before] ?? NaN) - at);
}
