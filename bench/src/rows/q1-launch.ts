import { Queue } from 'bullmq';
import { connectRedis } from '@das/core/queue/connection';
import { createLogger } from '@das/core/logging/logger';
import { startDas } from '@das/testkit/das';
import { AS_SHIPPED, quantile, timed } from '../measure.ts';
import type { Row } from '../measure.ts';

const ITEMS = 1000;

/** A launch of 1,000, through to MongoDB (majority, journal) and BullMQ, beside a raw `addBulk` of as many. */
export async function q1(quick: boolean): Promise<Row> {
  const rounds = quick ? 3 : 7;
  await using das = await startDas({ stub: true, workers: 0, env: AS_SHIPPED });
  const script = await das.putScript('job.py', 'pass\n');
  const body = { items: Array.from({ length: ITEMS }, () => ({ script })) };
  const { log } = createLogger({ level: 'silent', format: 'text', file: '' });
  const redis = connectRedis(das.stack.redisUrl, 'patient', log);
  const queue = new Queue('raw', { connection: redis, prefix: `bench-${process.pid}` });
  const jobs = Array.from({ length: ITEMS }, () => ({
    name: 'job',
    data: { runId: 'x'.repeat(26), epoch: 1 },
    opts: { priority: 4 },
  }));
  for (let round = 0; round < 3; round += 1) {
    await das.call('createLaunch', { body });
    await queue.addBulk(jobs);
  }
  const ours: number[] = [];
  const raw: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await timed(() => das.call('createLaunch', { body })));
    raw.push(await timed(() => queue.addBulk(jobs)));
  }
  await queue.obliterate({ force: true });
  await queue.close();
  redis.disconnect();
  const [a, b] = [ITEMS / (quantile(ours, 0.5) / 1000), ITEMS / (quantile(raw, 0.5) / 1000)];
  return {
    id: 'Q1',
    what: 'POST /launches of 1,000',
    goal: { op: '≥', value: 0.3 },
    das: a,
    baseline: b,
    unit: '/s',
    ratio: a / b,
  };
}
