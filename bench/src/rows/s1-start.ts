import { setTimeout as sleep } from 'node:timers/promises';
import { startDas } from '@das/testkit/das';
import { BareWorker } from '../bare-worker.ts';
import { AS_SHIPPED, quantile } from '../measure.ts';
import type { Row } from '../measure.ts';
import { NotingStub, nowMs } from '../stub.ts';

/** From the 202 to the execution of spark-submit, on an idle, warm worker. */
export async function s1(quick: boolean): Promise<Row[]> {
  const count = quick ? 20 : 100;
  const stub = await NotingStub.make();
  await using das = await startDas({ env: { ...AS_SHIPPED, SPARK_SUBMIT: stub.path } });
  const script = await das.putScript('job.py', 'pass\n');
  for (let i = 0; i < 3; i += 1) await das.runToEnd({ script });
  const ours = await delays(stub, count, async () => {
    const { id } = await das.submit({ script });
    return { at: nowMs(), ended: das.waitFor(id, undefined, { everyMs: 20 }) };
  });
  const bareStub = await NotingStub.make();
  await using bare = await BareWorker.start(das.stack.redisUrl, bareStub.path, 1);
  for (let i = 0; i < 3; i += 1) await bare.runAll(1);
  const theirs = await delays(bareStub, count, async () => {
    await bare.queue.add('job', {});
    return { at: nowMs(), ended: sleep(60) };
  });
  const row = (what: string, q: number, goal: Row['goal']): Row => {
    const [a, b] = [quantile(ours, q), quantile(theirs, q)];
    return { id: 'S1', what, goal, das: a, baseline: b, unit: 'ms', ratio: goal?.value === 60 ? null : a / b };
  };
  return [
    row('202 → exec of spark-submit, p50', 0.5, { op: '≤', value: 1.5 }),
    row('202 → exec of spark-submit, p99', 0.99, { op: '≤', value: 60 }),
  ];
}

/** Submits one at a time; milliseconds from each acceptance to its execution. */
async function delays(
  stub: NotingStub,
  count: number,
  submit: () => Promise<{ at: number; ended: Promise<unknown> }>,
): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const before = (await stub.times()).length;
    const { at, ended } = await submit();
    await ended;
    let times = await stub.times();
    while (times.length <= before) {
      await sleep(10);
      times = await stub.times();
    }
    found.push(Math.max(0, (times[before] ?? NaN) - at));
  }
  return found;
}
