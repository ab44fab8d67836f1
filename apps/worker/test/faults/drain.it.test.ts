import { join } from 'node:path';
import type { Run } from '@das/contracts/run';
import { breaches, LEDGER_SCRIPT, readLedger } from '@das/testkit/campaign/ledger';
import { startDas } from '@das/testkit/das';
import type { AppProcess } from '@das/testkit/app-process';
import type { Das } from '@das/testkit/das';
import { IN_TURN } from '@das/testkit/in-turn';
import { eventually } from '@das/testkit/eventually';
import { proxyTo } from '@das/testkit/proxy';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

/** Guarantee 18: scaling down and deploying lose nothing. */
type Place = { das: Das; script: string; ledger: string };
const submit = ({ das, script, ledger }: Place, seconds: number, modes = '-') =>
  das.submit({ script, args: [ledger, String(seconds), modes] });
const submitMany = (place: Place, count: number, seconds: number) =>
  Promise.all(Array.from({ length: count }, () => submit(place, seconds)));
const stateOf = async ({ das }: Place, { id }: AppProcess) =>
  (await das.call('listWorkers')).body.items.find((worker) => worker.id === id)?.state;
/** What an API says of workers is up to a second old. */
const isDrained = (place: Place, worker: AppProcess) =>
  eventually('drained', () => stateOf(place, worker), (state) => state === 'drained'); // prettier-ignore
const holders = (run: Run) => run.attempts.map(({ claims }) => claims[0]?.workerId);
const isRunning = ({ phase }: Run) => phase === 'running';
const allEnd = async ({ das }: Place, runs: Run[]) => {
  for (const { id } of runs) expect(await das.waitFor(id)).toMatchObject({ state: 'completed', failures: 0 });
};

/** A DAS for a part of this file, whose ledger is looked at after each of its tests. The parts mostly wait. */
function ownPlace(): Place {
  const place = {} as Place;
  beforeAll(async () => {
    place.das = await startDas({ stub: true, workers: 0, workerEnv: { WORKER_CONCURRENCY: '2' } });
    place.ledger = join(place.das.home, 'ledger');
    place.script = await place.das.putScript('driver.py', LEDGER_SCRIPT);
  });
  afterAll(() => place.das[Symbol.asyncDispose]());
  afterEach(async () => expect(breaches(await readLedger(place.ledger))).toEqual([]));
  return place;
}

describe.concurrent('a worker that leaves', () => {
  const place = ownPlace();

  test(
    'a worker with time to drain finishes what it runs, claims nothing more, and says when it is safe to remove',
    IN_TURN,
    async () => {
      const leaving = await place.das.addWorker({ DRAIN_GRACE_MS: '60000' });
      const runs = await submitMany(place, 8, 2);
      await eventually('both places are taken', () => Promise.all(runs.map(({ id }) => place.das.run(id))), (all) => all.filter(isRunning).length === 2); // prettier-ignore
      const stopped = leaving.stop();
      await eventually('draining', () => stateOf(place, leaving), (state) => state === 'draining'); // prettier-ignore
      await stopped;
      await isDrained(place, leaving);
      const after = await Promise.all(runs.map(({ id }) => place.das.run(id)));
      expect(after.filter(({ state }) => state === 'completed').length).toBeGreaterThanOrEqual(2);
      expect(after.every(({ state, losses }) => losses === 0 && (state === 'completed' || state === 'queued'))).toBe(
        true,
      );
      const next = await place.das.addWorker();
      await allEnd(place, runs);
      await next.stop();
    },
  );

  test(
    'without time it hands back what it runs, as drained: another one starts it at once, no retry is used up',
    IN_TURN,
    async () => {
      const leaving = await place.das.addWorker({ DRAIN_GRACE_MS: '0' });
      const runs = [await submit(place, 300, 'once'), await submit(place, 300, 'stubborn+family+once')];
      for (const { id } of runs) await place.das.waitFor(id, isRunning);
      const queued = await submitMany(place, 4, 0.2);
      const staying = await place.das.addWorker();
      await leaving.stop();
      await allEnd(place, [...runs, ...queued]);
      for (const { id } of runs) {
        const run = await place.das.run(id);
        expect(run.attempts.map(({ state, loss }) => loss?.kind ?? state)).toEqual(['drained', 'completed']);
        expect(holders(run)).toEqual([leaving.id, staying.id]);
      }
      await staying.stop();
    },
  );
});

describe.concurrent('where Redis is away, or all are stopped', () => {
  const place = ownPlace();

  test('a worker without Redis ends too when it is told to, and its run goes on elsewhere', IN_TURN, async () => {
    const redis = await proxyTo(place.das.stack.redisUrl);
    await using _ = redis.proxy;
    const leaving = await place.das.addWorker({ REDIS_URL: redis.uri, DRAIN_GRACE_MS: '0' });
    const run = await submit(place, 300, 'once');
    await place.das.waitFor(run.id, isRunning);
    redis.proxy.cut();
    await leaving.stop();
    await isDrained(place, leaving);
    const next = await place.das.addWorker();
    await place.das.waitFor(run.id, undefined, { withinMs: 100_000 });
    await allEnd(place, [run]);
    await next.stop();
  });

  test(
    'everything is stopped under load and started again, the API rolled: nothing fails, nothing is done twice',
    IN_TURN,
    async () => {
      const [one, two] = [await place.das.addWorker(), await place.das.addWorker()];
      const runs = await submitMany(place, 10, 1);
      const rolled = await place.das.addApi();
      const [first] = place.das.apis as [AppProcess];
      const meanwhile = Promise.all(Array.from({ length: 10 }, async () => (await rolled.call('submitRun', { body: { script: place.script, args: [place.ledger, '0.2', '-'] } })).body as Run)); // prettier-ignore
      await Promise.all([one.stop(), two.stop()]);
      const accepted = [...runs, ...(await meanwhile)];
      await place.das.addWorker();
      await allEnd(place, accepted);
      const stored = await place.das.db.runs.find({ _id: { $in: accepted.map(({ id }) => id) } }).toArray();
      for (const run of stored) expect(run.events.filter(({ to }) => to === 'completed')).toHaveLength(1);
      await first.stop();
      expect((await rolled.call('listRuns')).status).toBe(200);
    },
  );
});
