import { execFile } from 'node:child_process';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AppProcess } from '@das/testkit/app-process';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';

const run = promisify(execFile);
const MIB = 1024 * 1024;

/** A disk of 24 MiB of its own. Null where this user may not mount one. */
async function mountTinyDisk(): Promise<string | null> {
  const place = await mkdtemp(join(tmpdir(), 'das-tiny-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=24m,mode=0700', 'das-tiny', place]);
    return place;
  } catch {
    await rm(place, { recursive: true });
    return null;
  }
}

const disk = await mountTinyDisk();
afterAll(async () => {
  if (!disk) return;
  await run('umount', [disk]);
  await rm(disk, { recursive: true });
});

/** Guarantee 14: a full disk of a worker costs no run anything. */
describe.skipIf(disk === null)('WORKER_DIR on a disk that is full', () => {
  const place = disk ?? '';
  const ballast = join(place, 'ballast');
  let das: Das;
  let small: AppProcess;
  let chatty: string;
  beforeAll(async () => {
    das = await startDas({ stub: true, workers: 0 });
    small = await das.addWorker({ WORKER_DIR: join(place, 'worker') });
    chatty = await das.putScript(
      'chatty.py',
      'import os\nfor i in range(400):\n    os.write(1, b"x" * 99_999 + b"\\n")\nprint("end")\n',
    );
  });
  afterAll(() => das[Symbol.asyncDispose]());

  const stateOf = async (id: string) =>
    (await das.call('listWorkers')).body.items.find((worker) => worker.id === id)?.state;
  const becomes = (id: string, state: string) =>
    eventually(`worker ${id} is ${state}`, () => stateOf(id), (seen) => seen === state, { withinMs: 60_000 }); // prettier-ignore
  const fill = async () => {
    const { bavail, bsize } = await statfs(place);
    await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - MIB / 2)));
  };

  let lost = '';
  test('an attempt that fills it is a loss: disk_full; no retry is used up', async () => {
    lost = (await das.submit({ script: chatty })).id;
    const run = await das.waitFor(lost, ({ losses }) => losses > 0);
    expect(run).toMatchObject({ failures: 0, waiting: { reason: 'recovering' } });
    expect(run.waiting?.detail).toMatch(/disk .* full/);
    expect(run.attempts[0]).toMatchObject({ state: 'lost', loss: { kind: 'disk_full' } });
    await fill();
  });

  test('while it is full the worker is unhealthy and claims nothing', async () => {
    await becomes(small.id, 'unhealthy');
    const before = await das.db.runs.findOne({ _id: lost });
    const waiting = await das.submit({ script: await das.putScript('tiny.py', 'print(1)\n') });
    await sleep(6000); // longer than it takes to look for room
    expect(await das.run(waiting.id)).toMatchObject({ state: 'queued', attemptCount: 0 });
    expect((await das.db.runs.findOne({ _id: lost }))?.attemptCount).toBe(before?.attemptCount);
    expect(await stateOf(small.id)).toBe('unhealthy');
  });

  test('another worker takes over', async () => {
    const other = await das.addWorker();
    const ended = await das.waitFor(lost, undefined, { withinMs: 90_000 });
    expect(ended).toMatchObject({ state: 'completed', failures: 0 });
    expect(ended.attempts.at(-1)?.claims[0]?.workerId).toBe(other.id);
    expect(ended.result?.tail).toMatch(/end\n$/);
    expect(await das.db.runs.countDocuments({ state: { $ne: 'completed' } })).toBe(0);
    await other.stop();
  });

  test('with room again it claims again', async () => {
    await rm(ballast);
    await becomes(small.id, 'active');
    const run = await das.runToEnd({ script: await das.putScript('again.py', 'print("again")\n') });
    expect(run).toMatchObject({ state: 'completed', losses: 0, result: { tail: 'again\n' } });
    expect(run.attempts[0]?.claims[0]?.workerId).toBe(small.id);
  });

  test('a worker that starts on a full disk claims nothing either', async () => {
    await small.stop();
    await fill();
    const late = await das.addWorker({ WORKER_DIR: join(place, 'late') });
    await becomes(late.id, 'unhealthy');
    const run = await das.submit({ script: chatty });
    await rm(ballast);
    await becomes(late.id, 'active');
    expect((await das.waitFor(run.id, ({ losses }) => losses > 0)).attempts[0]?.loss?.kind).toBe('disk_full');
    await das.call('cancelRun', { params: { id: run.id } });
    await das.waitFor(run.id);
    await late.stop();
  });

  test('a script that fills it again and again is not tried for ever', async () => {
    await das.addWorker({ WORKER_DIR: join(place, 'limited'), MAX_LOSSES: '2' });
    const run = await das.runToEnd({ script: chatty, retries: 5 });
    expect(run).toMatchObject({ state: 'failed', failures: 0, losses: 2, failure: { kind: 'too_many_losses' } });
    expect(run.failure?.summary).toMatch(/MAX_LOSSES 2.*attempt itself made the disk .* full/);
  });
});
