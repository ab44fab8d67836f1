import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createLogger } from '@das/core/logging/logger';
import type { RunDocument } from '@das/core/mongo/documents';
import { RunQueue } from '@das/core/queue/run-queue';
import type { AppProcess } from '@das/testkit/app-process';
import { startBreakableMongo } from '@das/testkit/breakable-mongo';
import type { BreakableMongo } from '@das/testkit/breakable-mongo';
import { breaches, LEDGER_SCRIPT, readLedger } from '@das/testkit/campaign/ledger';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';

/** A script that has completed needs no place, however long its log has to wait for MongoDB. */
let mongo: BreakableMongo;
let das: Das;
let script: string;
beforeAll(async () => {
  mongo = await startBreakableMongo();
  das = await startDas({ stub: true, workers: 0, stack: { mongodbUri: mongo.url }, workerEnv: { WORKER_CONCURRENCY: '1', LOG_LEVEL: 'debug' } }); // prettier-ignore
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

/** Whatever happens, the next test finds no worker of this one. */
async function withWorker(work: (worker: AppProcess) => Promise<void>): Promise<void> {
  const worker = await das.addWorker();
  try {
    await work(worker);
  } finally {
    await mongo.heal();
    await worker.stop();
  }
}

test('the next run starts in its place; as many at most as there are places, and then they are kept', () =>
  withWorker(async () => {
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
  }));

test('a worker that is told to stop waits for the log, and says once that it waits', () =>
  withWorker(async (worker) => {
    await refuseLogs();
    const id = await submit();
    await untilFinishing(id);
    const stopped = worker.stop();
    await eventually('it drains', () => das.call('listWorkers'), ({ body }) => body.items.some((one) => one.id === worker.id && one.state === 'draining')); // prettier-ignore
    expect(worker.log.match(/the log waits for MongoDB/g)).toHaveLength(1);
    await mongo.heal();
    await stopped;
    expect(await das.run(id)).toMatchObject({ state: 'completed', losses: 0 });
  }));

test('its job comes back, and MongoDB does not answer for a moment: nothing is executed again', () =>
  withWorker(async (worker) => {
    const ledger = join(das.home, 'ledger');
    const driver = await das.putScript('driver.py', LEDGER_SCRIPT);
    await refuseLogs();
    const { id } = await das.submit({ script: driver, args: [ledger, '0.2', '-'] });
    await untilFinishing(id);
    // 91: the primary shuts down, for its log as well. Redis was killed and has forgotten its last second: the job is there again.
    const all = ['find', 'insert', 'update', 'findAndModify'];
    await mongo.fail({ commands: all, appName: 'das-worker', errorCode: 91 });
    await enqueueAgain(id);
    const said = (what: RegExp) => eventually(String(what), () => Promise.resolve(worker.log), (log) => what.test(log)); // prettier-ignore
    await said(/the run is not claimed, as far as is known/);
    await refuseLogs();
    await said(/nothing to do: it runs here/);
    await mongo.heal();
    expect(await das.waitFor(id)).toMatchObject({ state: 'completed', losses: 0, attemptCount: 1 });
    expect(breaches(await readLedger(ledger))).toEqual([]);
  }));

async function enqueueAgain(id: string): Promise<void> {
  const { log } = createLogger({ level: 'silent', format: 'text', file: '' });
  const queue = new RunQueue({ redisUrl: das.stack.redisUrl, prefix: das.queuePrefix, log });
  await queue.tried(AbortSignal.timeout(5000));
  const run = (await das.db.runs.findOne({ _id: id })) as RunDocument;
  expect(await queue.enqueue([run], 5000)).toBe(true);
  await queue.close();
}
