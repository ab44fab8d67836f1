import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import pino from 'pino';
import { expect, inject, onTestFinished, test } from 'vitest';
import { QUEUE_NAME, RunQueue } from './run-queue.ts';

const log = pino({ level: 'silent' });
const { redisUrl } = inject('stack');

/** Two processes that enqueue, and what Redis says of a job's priority. */
async function start() {
  const prefix = `das-test-${randomUUID().slice(0, 8)}`;
  const redis = new Redis(redisUrl);
  const queues = [new RunQueue({ redisUrl, prefix, log }), new RunQueue({ redisUrl, prefix, log })] as const;
  for (const queue of queues) await expect.poll(() => queue.ping().catch(() => null)).not.toBeNull();
  onTestFinished(async () => {
    await Promise.all(queues.map((queue) => queue.close()));
    await redis.unlink(await redis.keys(`${prefix}:*`));
    redis.disconnect();
  });
  const priorityOf = (id: string) => redis.hget(`${prefix}:${QUEUE_NAME}:${id}-1`, 'priority');
  return { queues, priorityOf };
}

const run = (id: string, tag: number) => ({
  _id: id,
  epoch: 1,
  failures: 0,
  retries: { max: 0 } as never,
  order: { class: 0, tag },
  nextAttemptAt: null,
});

test('a job that was counted from a base which another process has moved since is counted anew, and the next ones are right at once', async () => {
  const { queues, priorityOf } = await start();
  const [queue, reconciler] = queues;
  expect(await queue.enqueue([run('before', 150)], 5000)).toBe(true);
  expect(await priorityOf('before')).toBe('150');
  await reconciler.setBase(0, 100);
  await reconciler.rebase([run('before', 150)], 100);
  expect(await queue.enqueue([run('meanwhile', 151)], 5000)).toBe(true);
  await expect.poll(() => priorityOf('meanwhile')).toBe('51');
  expect(await priorityOf('before')).toBe('50');
  expect(await queue.enqueue([run('after', 152)], 5000)).toBe(true);
  expect(await priorityOf('after')).toBe('52');
});

test('which runs have no job, and which wait for their time', async () => {
  const { queues } = await start();
  const [queue] = queues;
  const there = Array.from({ length: 3 }, (_, index) => run(`there${index}`, index));
  const later = { ...run('later', 9), nextAttemptAt: new Date(Date.now() + 60_000) };
  const nowhere = run('nowhere', 10);
  await queue.enqueue([...there, later], 5000);
  expect(await queue.missing([...there, later])).toEqual([]);
  expect(await queue.missing([...there, nowhere, later])).toEqual([nowhere]);
  expect(await queue.delayed([...there, nowhere, later])).toEqual([later]);
  expect(await queue.missing([])).toEqual([]);
  expect(await queue.delayed([])).toEqual([]);
});
