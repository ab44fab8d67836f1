import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startBreakableMongo } from '@das/testkit/breakable-mongo';
import type { BreakableMongo } from '@das/testkit/breakable-mongo';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';

/** A script that has completed needs no place, however long its log has to wait for MongoDB. */
let mongo: BreakableMongo;
let das: Das;
let script: string;
beforeAll(async () => {
  mongo = await startBreakableMongo();
  das = await startDas({ stub: true, workers: 0, stack: { mongodbUri: mongo.url }, workerEnv: { WORKER_CONCURRENCY: '1' } }); // prettier-ignore
  script = await das.putScript('says.py', 'print("a line of the log")\n');
});
afterAll(() => das[Symbol.asyncDispose]().finally(() => mongo[Symbol.asyncDispose]()));
beforeEach(() => mongo.heal());

/** InternalError: no outage. */
const refuseLogs = () =>
  mongo.fail({
    commands: ['insert', 'update'],
    appName: 'das-worker',
    errorCode: 1,
    namespace: `${das.database}.logs`,
  });
const submit = async () => (await das.submit({ script })).id;
const untilFinishing = (id: string) => das.waitFor(id, ({ phase }) => phase === 'finishing');
const placesTaken = async () => (await das.call('listWorkers')).body.items.map(({ running }) => running.length);

test('the next run starts in its place; as many at most as there are places, and then they are kept', async () => {
  const worker = await das.addWorker();
  await refuseLogs();
  const first = await submit();
  await untilFinishing(first);
  await eventually('its place is free', placesTaken, ([taken]) => taken === 0);
  const second = await submit();
  await untilFinishing(second);
  const third = await submit();
  await das.waitFor(third, ({ waiting }) => waiting?.reason === 'workers_busy');
  await eventually('the second one keeps its place', placesTaken, ([taken]) => taken === 1);
  await mongo.heal();
  for (const id of [first, second, third])
    expect(await das.waitFor(id)).toMatchObject({ state: 'completed', losses: 0, attemptCount: 1, result: { tail: 'a line of the log\n' } }); // prettier-ignore
  await worker.stop();
});

test('a worker that is told to stop waits for the log', async () => {
  const worker = await das.addWorker();
  await refuseLogs();
  const id = await submit();
  await untilFinishing(id);
  const stopped = worker.stop();
  await eventually('it drains', () => das.call('listWorkers'), ({ body }) => body.items.some((one) => one.id === worker.id && one.state === 'draining')); // prettier-ignore
  await mongo.heal();
  await stopped;
  expect(await das.run(id)).toMatchObject({ state: 'completed', losses: 0 });
});
