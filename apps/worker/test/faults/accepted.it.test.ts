import type { LaunchCreated } from '@das/contracts/launch';
import type { Run } from '@das/contracts/run';
import { startOwnServices } from '@das/testkit/campaign/own-services';
import type { OwnServices } from '@das/testkit/campaign/own-services';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** Guarantee 2: a 202 is given only after a majority, journaled write. */
const releases = new AsyncDisposableStack();
let services: OwnServices;
let das: Das;
beforeAll(async () => {
  services = releases.use(await startOwnServices());
  const stack = { mongodbUri: services.mongo.url, redisUrl: services.redis.url };
  das = releases.use(await startDas({ stub: true, workers: 0, stack }));
});
afterAll(() => releases.disposeAsync());

test('MongoDB is killed right after each 202, of a run, of one with a key, of a launch: all are there', async () => {
  const script = await das.putScript('accepted.py', 'print(1)\n');
  const idOf = ({ body }: { body: unknown }) => [(body as Run).id];
  const keyed = { body: { script }, headers: { 'Idempotency-Key': 'one' } };
  const ways: (() => Promise<string[]>)[] = [
    async () => idOf(await das.call('submitRun', { body: { script } })),
    async () => idOf(await das.call('submitRun', keyed)),
    async () => {
      const { body } = await das.call('createLaunch', { body: { items: [{ script }, { script }] } });
      return (body as LaunchCreated).runs.map(({ id }) => id);
    },
  ];
  const accepted: string[] = [];
  for (const submit of ways) {
    accepted.push(...(await submit()));
    await services.mongo.kill();
    await services.mongo.restart();
    await eventually('the API reaches MongoDB again', () => das.api.raw('GET', '/readyz'), ({ status }) => status === 200); // prettier-ignore
  }
  expect(accepted).toHaveLength(4);
  const stored = await das.db.runs.find({ _id: { $in: accepted } }).toArray();
  expect(stored.map(({ state }) => state)).toEqual(['queued', 'queued', 'queued', 'queued']);

  await das.addWorker();
  for (const id of accepted) expect((await das.waitFor(id)).state).toBe('completed');
  expect(idOf(await das.call('submitRun', keyed))).toEqual([accepted[1]]);
});
