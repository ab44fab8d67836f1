import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startBreakableMongo } from '@das/testkit/breakable-mongo';
import { startDas } from '@das/testkit/das';

const EVERY_MS = 2000;

/** A worker sends its writes again itself (docs/adr/0022): for a second or two there is no primary, and what was under way is cut off. */
test('MongoDB’s primary steps down again and again: each attempt is made once, and each run ends as it should', async () => {
  await using mongo = await startBreakableMongo();
  await using das = await startDas({
    stub: true,
    workers: 2,
    workerEnv: { WORKER_CONCURRENCY: '3' },
    stack: { mongodbUri: mongo.url },
  });
  const good = await das.putScript('good.py', 'import time\nprint("up", flush=True)\ntime.sleep(1)\n');
  const bad = await das.putScript('bad.py', 'import sys, time\ntime.sleep(1)\nsys.exit(3)\n');
  const retries = { max: 1, backoff: 'fixed' as const, delayMs: 500 };
  const items = Array.from({ length: 24 }, (_, at) => ({ script: at % 6 === 0 ? bad : good, retries }));
  const { body } = await das.call('createLaunch', { body: { items } });

  for (let failovers = 0; failovers < 5; failovers += 1) {
    await mongo.admin({ replSetStepDown: 1, force: true });
    await sleep(EVERY_MS);
  }
  const runs = await Promise.all(body.runs.map(({ id }) => das.waitFor(id)));
  const outcome = runs.map(({ script, state, attempts, losses }) => [script.path, state, attempts.length, losses]);
  const expected = items.map(({ script }) => (script === bad ? [bad, 'failed', 2, 0] : [good, 'completed', 1, 0]));
  expect(outcome).toEqual(expected);
}, 120_000);
