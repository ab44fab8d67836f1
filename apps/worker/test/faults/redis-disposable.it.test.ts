import { surviveOutage } from '@das/testkit/campaign/outage';
import { startDas } from '@das/testkit/das';
import { proxyTo } from '@das/testkit/proxy';
import { inject, expect, test } from 'vitest';

/**
 * Guarantee 9: Redis is disposable. All runs finish, retries that wait keep their backoff, workers go on within 30 s. (15 and 60 s
 * without Redis or MongoDB: `npm run test:faults`.) Side by side, as all of them mostly wait.
 */
test.concurrent.each([
  { service: 'redis', how: 'flush', forMs: 0 },
  { service: 'redis', how: 'kill', forMs: 7000 },
] as const)(
  '$how for $forMs ms',
  async (outage) => {
    const { breaches } = await surviveOutage(outage);
    expect(breaches).toEqual([]);
  },
  240_000,
);

test.concurrent(
  'the process that reconciles reaches no Redis: another one does its work',
  async () => {
    await using released = new AsyncDisposableStack();
    const { proxy, uri } = await proxyTo(inject('stack').redisUrl);
    released.use(proxy);
    // The API is there first, so it is the one that reconciles.
    const das = released.use(await startDas({ stub: true, workers: 0, apiEnv: { REDIS_URL: uri } }));
    proxy.cut();
    await das.addWorker();
    const run = await das.submit({ script: await das.putScript('quick.py', 'print(1)\n') });
    expect(run.waiting).toMatchObject({ reason: 'queue_unavailable' });
    expect(await das.waitFor(run.id, undefined, { withinMs: 30_000 })).toMatchObject({ state: 'completed' });
  },
  100_000,
);
