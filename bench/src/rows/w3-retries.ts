import { startDas } from '@das/testkit/das';
import { BareWorker } from '../bare-worker.ts';
import { AS_SHIPPED, timed } from '../measure.ts';
import type { Row } from '../measure.ts';
import { Stub } from '../stub.ts';

/** A job that fails twice, then succeeds, 1 s between. */
export async function w3(): Promise<Row> {
  const ours = await Stub.make({ failures: 3 }); // one more, for the warm-up
  const theirs = await Stub.make({ failures: 3 });
  await using das = await startDas({ env: { ...AS_SHIPPED, SPARK_SUBMIT: ours.path } });
  const script = await das.putScript('job.py', 'pass\n');
  await das.runToEnd({ script }); // warm; fails
  const took = await timed(() => das.runToEnd({ script, retries: { max: 2, delayMs: 1000 } }, { everyMs: 10 }));
  await using bare = await BareWorker.start(das.stack.redisUrl, theirs.path, 1);
  await bare.runAll(1).catch(() => undefined);
  const bareTook = await timed(() => bare.runAll(1, { attempts: 3, backoffMs: 1000 }));
  return {
    id: 'W3', what: 'a job that fails twice, then succeeds, 1 s between', goal: { op: '≤', value: 1.2 },
    das: took, baseline: bareTook, unit: 'ms', ratio: took / bareTook,
  }; // prettier-ignore
}
