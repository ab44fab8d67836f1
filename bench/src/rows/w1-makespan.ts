import { startDas } from '@das/testkit/das';
import { BareWorker } from '../bare-worker.ts';
import { AS_SHIPPED, timed } from '../measure.ts';
import type { Row } from '../measure.ts';
import { Stub } from '../stub.ts';
import { untilCompleted } from '../until-completed.ts';

const JOBS = 20;

/** 20 stub jobs of 0.1 s submitted at once, 2 places, until the last has ended. */
export async function w1(): Promise<Row> {
  const stub = await Stub.make({ sleepS: 0.1 });
  await using das = await startDas({ env: { ...AS_SHIPPED, SPARK_SUBMIT: stub.path, WORKER_CONCURRENCY: '2' } });
  const script = await das.putScript('job.py', 'pass\n');
  await das.runToEnd({ script }); // warm
  const das20 = await timed(async () => {
    const { body } = await das.call('createLaunch', {
      body: { items: Array.from({ length: JOBS }, () => ({ script })) },
    });
    await untilCompleted(das, body.runs.map(({ id }) => id)); // prettier-ignore
  });
  await using bare = await BareWorker.start(das.stack.redisUrl, stub.path, 2);
  await bare.runAll(1);
  const bare20 = await timed(() => bare.runAll(JOBS));
  return {
    id: 'W1', what: '20 jobs of 0.1 s at 2 places, until the last has ended', goal: { op: '≤', value: 1.3 },
    das: das20, baseline: bare20, unit: 'ms', ratio: das20 / bare20,
  }; // prettier-ignore
}
