import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';
import { processesWith } from '@das/testkit/processes';
import { proxyTo } from '@das/testkit/proxy';
import type { Proxy } from '@das/testkit/proxy';

/** Guarantee 7: cancelled means dead, whatever the run was doing; never stuck in `cancelling`. */
let das: Das;
let hdfs: Proxy;
let born: string;
let family: string;
beforeAll(async () => {
  const toHdfs = await proxyTo(inject('stack').hdfsUrl);
  hdfs = toHdfs.proxy;
  das = await startDas({ stub: true, workerEnv: { HDFS_URL: toHdfs.uri, WORKER_CONCURRENCY: '2' } });
  born = join(das.home, 'born');
  family = await das.putScript('family.py', STUBBORN_FAMILY);
});
afterEach(() => hdfs.resume());
afterAll(async () => {
  await das[Symbol.asyncDispose]();
  await hdfs[Symbol.asyncDispose]();
});

/** Ignores every signal it may, as do its child and a grandchild in a session of its own with an empty environment. */
const STUBBORN_FAMILY = `import os, signal, subprocess, sys, time
ignore = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2]
for number in ignore:
    signal.signal(number, signal.SIG_IGN)
sleeper = [sys.executable, "-S", "-c", "import time; time.sleep(300)"]
pids = [os.getpid(), subprocess.Popen(sleeper).pid, subprocess.Popen(sleeper, env={}, start_new_session=True).pid]
with open(sys.argv[1], "a") as file:
    file.write("".join(f"{pid}\\n" for pid in pids))
print("up", flush=True)
while True:
    time.sleep(1)
`;

const cancel = (id: string) => das.call('cancelRun', { params: { id } });

/** Of the processes that the run has told of, and of those that bear its name, those that live. */
async function alive(id: string): Promise<number[]> {
  const told = (await readFile(born, 'utf8').catch(() => '')).split('\n').filter(Boolean).map(Number);
  const named = (await processesWith(`DAS_RUN_ID=${id}`)).map(({ pid }) => pid);
  const states = await Promise.all(
    told.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'gone) X');
      return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
    }),
  );
  return [...new Set([...told.filter((_, i) => states[i]), ...named])];
}

/** At the very moment the run is said to be cancelled. */
async function deadWhenCancelled(id: string): Promise<void> {
  await eventually(
    `run ${id} is cancelled`,
    () => das.db.runs.findOne({ _id: id }, { projection: { state: 1 } }),
    (run) => run?.state === 'cancelled',
    { withinMs: 60_000, everyMs: 5 },
  );
  expect(await alive(id)).toEqual([]);
}

describe('a run whose processes ignore every signal they may', () => {
  const begin = async () => {
    const { id } = await das.submit({ script: family, args: [born] });
    await eventually('the family is up', () => alive(id), (pids) => pids.length >= 3); // prettier-ignore
    await das.waitFor(id, ({ phase }) => phase === 'running');
    return id;
  };

  test('SIGKILL after the grace time; a second cancel changes nothing and answers 200', async () => {
    const id = await begin();
    const at = performance.now();
    expect((await cancel(id)).status).toBe(202);
    const again = await cancel(id);
    expect([again.status, again.body.state]).toEqual([200, 'cancelling']);
    await deadWhenCancelled(id);
    expect(performance.now() - at).toBeGreaterThan(1400); // KILL_GRACE_MS: they had their chance
    const afterwards = await cancel(id);
    expect([afterwards.status, afterwards.body.state]).toEqual([200, 'cancelled']);
    const run = await das.run(id);
    expect(run).toMatchObject({ failures: 0, losses: 0, attempts: [{ state: 'cancelled' }] });
    const { items } = (await das.call('getRunEvents', { params: { id } })).body;
    expect(items.map(({ to }) => to)).toEqual(['queued', 'running', 'cancelling', 'cancelled']);
  });

  test('Redis cannot announce it: the worker learns it at its next renewal', async () => {
    const id = await begin();
    // As the API does it, without the announcement.
    const { fencingToken } = (await das.db.runs.findOne({ _id: id })) ?? {};
    const event = { at: new Date(), actor: 'test', type: 'requestCancel', from: 'running', to: 'cancelling', reason: '' } as const; // prettier-ignore
    const change = { $set: { state: 'cancelling' as const }, $inc: { seq: 1 }, $push: { events: event } };
    expect((await das.db.runs.updateOne({ _id: id, fencingToken: fencingToken ?? 0 }, change)).matchedCount).toBe(1);
    await deadWhenCancelled(id);
  });
});

test('while it fetches from an HDFS that hangs', async () => {
  const script = await das.putScript('unknown.py', STUBBORN_FAMILY); // what a worker knows it need not fetch
  hdfs.freeze();
  const { id } = await das.submit({ script, args: [born] });
  await das.waitFor(id, ({ phase }) => phase === 'fetching');
  expect((await cancel(id)).body.state).toBe('cancelling');
  await deadWhenCancelled(id);
  expect(await das.run(id)).toMatchObject({ losses: 0, attempts: [{ state: 'cancelled', exitCode: null }] });
});

test('between attempts, and in the queue: at once, and nothing is started any more', async () => {
  const failing = await das.putScript('failing.py', 'import sys\nsys.exit(3)\n');
  const retrying = await das.submit({ script: failing, retries: { max: 3, delayMs: 5000 } });
  await das.waitFor(retrying.id, ({ state }) => state === 'retrying', { everyMs: 20 });
  const unknown = await das.putScript('never_run.py', 'import sys\nsys.exit(4)\n');
  hdfs.freeze();
  const busy = await Promise.all([0, 1].map(() => das.submit({ script: unknown })));
  await Promise.all(busy.map(({ id }) => das.waitFor(id, ({ phase }) => phase === 'fetching')));
  const queued = await das.submit({ script: unknown });
  for (const { id } of [retrying, queued]) expect((await cancel(id)).body.state).toBe('cancelled');
  for (const { id } of [retrying, queued]) expect((await cancel(id)).status).toBe(200);
  const attempts = (await das.run(retrying.id)).attemptCount;
  hdfs.resume();
  await Promise.all(busy.map(({ id }) => das.waitFor(id)));
  const after = await das.runToEnd({ script: failing }); // behind them in the queue
  expect(after.state).toBe('failed');
  expect(await das.run(retrying.id)).toMatchObject({ state: 'cancelled', attemptCount: attempts });
  expect(await das.run(queued.id)).toMatchObject({ state: 'cancelled', attemptCount: 0, startedAt: null });
});

test('50 cancels race with starts and ends: each run ends once, and none stays in between', async () => {
  const quick = await das.putScript('quick.py', 'import time\ntime.sleep(0.1)\n');
  const items = Array.from({ length: 50 }, () => ({ script: quick }));
  const { runs } = (await das.call('createLaunch', { body: { items } })).body;
  await Promise.all(
    runs.map(async ({ id }, i) => {
      await new Promise((resolve) => setTimeout(resolve, i * 100));
      const { status } = await das.api.fetch('cancelRun', { params: { id } });
      expect([200, 202, 409]).toContain(status);
    }),
  );
  for (const { id } of runs) {
    const run = await das.waitFor(id);
    expect(['cancelled', 'completed']).toContain(run.state);
    const { items: events } = (await das.call('getRunEvents', { params: { id } })).body;
    expect(events.filter(({ to }) => to === 'cancelled' || to === 'completed')).toHaveLength(1);
    expect(await processesWith(`DAS_RUN_ID=${id}`)).toEqual([]);
  }
});

test('its worker is dead: cancelled by the reconciler, when nothing of the run can live any more', async () => {
  const { id } = await das.submit({ script: family, args: [born] });
  await eventually('the family is up', () => alive(id), (pids) => pids.length >= 3); // prettier-ignore
  das.workers[0]?.kill('SIGKILL');
  expect((await cancel(id)).body.state).toBe('cancelling');
  await deadWhenCancelled(id);
  const { items } = (await das.call('getRunEvents', { params: { id } })).body;
  expect(items.at(-1)).toMatchObject({ actor: 'reconciler', to: 'cancelled' });
  expect((await das.run(id)).attempts).toMatchObject([{ state: 'cancelled', loss: { kind: 'worker_lost' } }]);
});
