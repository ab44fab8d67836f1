import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AppProcess } from '@das/testkit/app-process';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';
import { IN_TURN } from '@das/testkit/in-turn';
import { ownCgroup } from './own-cgroup.ts';
import { descendantsOf, lives } from './process-tree.ts';

/** Guarantee 8: a worker that cannot start anything uses up nothing of a run, and rests until it can again. */
const MAX_LOSSES = 2;
const start = () => startDas({ stub: true, workers: 0, env: { MAX_LOSSES: String(MAX_LOSSES) } });

const stateOf = async (das: Das, { id }: AppProcess) =>
  (await das.call('listWorkers')).body.items.find((worker) => worker.id === id)?.state;
const becomes = (das: Das, worker: AppProcess, state: string) =>
  eventually(`worker ${worker.id} is ${state}`, () => stateOf(das, worker), (seen) => seen === state, { withinMs: 60_000 }); // prettier-ignore
const stored = (das: Das, id: string) => das.db.runs.findOne({ _id: id });
const quick = (das: Das, name: string) => das.putScript(`${name}.py`, `print("${name}")\n`);

/** It rests, and goes on resting: the run waits, and more runs are not even tried. */
async function expectRest(das: Das, worker: AppProcess, runId: string): Promise<void> {
  await das.waitFor(runId, ({ state }) => state !== 'queued' && state !== 'running');
  const before = await stored(das, runId);
  expect(before).toMatchObject({ state: 'retrying', failures: 0, losses: 1, workerLosses: 0 });
  expect(before?.attempts[0]).toMatchObject({ state: 'lost', loss: { kind: 'worker_lost' } });
  await becomes(das, worker, 'unhealthy');
  expect((await das.db.workers.findOne({ _id: worker.id }))?.detail).toMatch(/takes no runs until it can start them/);
  const another = await das.submit({ script: await quick(das, 'another') });
  await sleep(6000); // longer than it takes to look for room, and its second try whether it can
  expect(await stateOf(das, worker)).toBe('unhealthy');
  expect((await stored(das, runId))?.attemptCount).toBe(1);
  expect(await das.run(another.id)).toMatchObject({ state: 'queued', attemptCount: 0 });
}

// Both parts mostly wait: for looks at the room there is, and for runs that are not tried.
describe.concurrent('WORKER_DIR cannot be written', () => {
  let das: Das;
  let sick: AppProcess;
  let folder: string;
  const breakIt = async () => {
    await rename(folder, `${folder}.away`);
    await writeFile(folder, '');
  };
  const mend = async () => {
    await rm(folder);
    await rename(`${folder}.away`, folder);
  };
  beforeAll(async () => {
    das = await start();
    const place = join(das.home, 'breakable');
    sick = await das.addWorker({ WORKER_DIR: place });
    folder = join(place, sick.id);
    await breakIt();
  });
  afterAll(() => das[Symbol.asyncDispose]());

  let lost = '';
  test('what was lost to that counts nothing, and the worker takes nothing more', IN_TURN, async () => {
    lost = (await das.submit({ script: await quick(das, 'lost') })).id;
    await expectRest(das, sick, lost);
    expect(sick.log).toMatch(/takes no runs until it can start them again.*ENOTDIR/);
  });

  test('another worker takes over', IN_TURN, async () => {
    const other = await das.addWorker();
    expect(await das.waitFor(lost)).toMatchObject({ state: 'completed', failures: 0, losses: 1 });
    await das.waitFor((await das.submit({ script: await quick(das, 'after') })).id);
    expect(await das.db.runs.countDocuments({ state: { $ne: 'completed' } })).toBe(0);
    await other.stop();
  });

  test('as soon as it can, it takes runs again by itself', IN_TURN, async () => {
    await mend();
    await becomes(das, sick, 'active');
    const run = await das.runToEnd({ script: await quick(das, 'again') });
    expect(run).toMatchObject({ state: 'completed', losses: 0 });
    expect(run.attempts[0]?.claims[0]?.workerId).toBe(sick.id);
  });

  test('a run that no worker can start has a limit, and no worker rests for it', IN_TURN, async () => {
    await sick.stop();
    const script = await quick(das, 'unstartable');
    const run = await das.submit({ script });
    await das.db.contents.deleteOne({ _id: run.script.sha256 });
    await das.putScript('unstartable.py', 'print("changed, and what was accepted is nowhere")\n');
    const worker = await das.addWorker();
    const ended = await das.waitFor(run.id);
    expect(ended).toMatchObject({ state: 'failed', failures: 0, losses: MAX_LOSSES, failure: { kind: 'too_many_losses' } }); // prettier-ignore
    expect(await stateOf(das, worker)).toBe('active');
    expect(worker.log).not.toContain('takes no runs');
    await worker.stop();
  });
});

const group = await ownCgroup('max', ['pids/das-pids-test/pids.max', 'das-pids-test/pids.max']);

describe.skipIf(group === null)('no process can be started any more', { concurrent: true }, () => {
  let das: Das;
  let sick: AppProcess;
  const limit = (max: string) => group?.limit(max);
  beforeAll(async () => {
    das = await start();
  });
  afterAll(() => das[Symbol.asyncDispose]());
  beforeEach(async () => {
    sick = await das.addWorker({ WORKER_CONCURRENCY: '1' }); // one spare supervisor
    await group?.admit(sick.pid);
  });
  afterEach(async () => {
    await limit('max');
    await sick.stop();
  });

  /** Of the spare supervisor, or of what waits to become the main child. */
  const pidOf = async (name: string) =>
    (await descendantsOf(sick.pid)).find((process) => process.name === name)?.pid as number;
  const end = async (pid: number) => {
    process.kill(pid, 'SIGKILL');
    await eventually(
      `${pid} is gone`,
      () => lives(pid),
      (alive) => !alive,
    );
    await limit('0'); // no more than there are
  };
  const goesOn = async (id: string) => {
    await limit('max');
    await becomes(das, sick, 'active');
    const ended = await das.waitFor(id);
    expect(ended).toMatchObject({ state: 'completed', failures: 0 });
    expect((await stored(das, id))?.workerLosses).toBe(0);
    expect(await das.db.runs.countDocuments({ state: { $in: ['queued', 'retrying'] } })).toBe(0);
  };

  test(
    'there is no supervisor: a loss that counts nothing, and the worker rests until there is one',
    IN_TURN,
    async () => {
      await end(await pidOf('das-supervisor'));
      const run = await das.submit({ script: await quick(das, 'forked') });
      await expectRest(das, sick, run.id);
      await goesOn(run.id);
    },
  );

  test('there is one, and it cannot start the script: the same, and no failure', IN_TURN, async () => {
    await end(await pidOf('das-main-child'));
    const run = await das.submit({ script: await quick(das, 'spawned') });
    await expectRest(das, sick, run.id);
    await goesOn(run.id);
  });
});
