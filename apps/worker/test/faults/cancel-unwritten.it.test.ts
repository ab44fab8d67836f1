import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBreakableMongo } from '@das/testkit/breakable-mongo';
import type { BreakableMongo } from '@das/testkit/breakable-mongo';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';

/** An end that MongoDB refuses to store (it is there, so nobody waits for it) leaves no run behind in between. */
let mongo: BreakableMongo;
let das: Das;
beforeAll(async () => {
  mongo = await startBreakableMongo();
  das = await startDas({ stub: true, stack: { mongodbUri: mongo.url } });
});
afterAll(() => das[Symbol.asyncDispose]().finally(() => mongo[Symbol.asyncDispose]()));

/** InternalError: no outage. */
const refuseEnds = () => mongo.fail({ commands: ['findAndModify'], appName: 'das-worker', errorCode: 1 });

test('a cancel: cancelled once the lease is over', async () => {
  const script = await das.putScript('waits.py', 'import time\nprint("up", flush=True)\ntime.sleep(60)\n');
  const { id } = await das.submit({ script });
  await das.waitFor(id, ({ phase }) => phase === 'running');
  await refuseEnds();
  await das.call('cancelRun', { params: { id } });
  await sleep(4000); // its processes are dead by then
  await mongo.heal();
  expect(await das.waitFor(id)).toMatchObject({ state: 'cancelled' });
});

test('a completion: the run is executed again rather than running for ever', async () => {
  const script = await das.putScript('quick.py', 'import time\nprint("up", flush=True)\ntime.sleep(2)\n');
  const { id } = await das.submit({ script });
  await das.waitFor(id, ({ phase }) => phase === 'running');
  await refuseEnds();
  await sleep(5000); // it has ended by then
  await mongo.heal();
  expect(await das.waitFor(id)).toMatchObject({ state: 'completed', losses: 1, failures: 0 });
});
