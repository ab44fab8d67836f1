import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';
import { descendantsOf } from './process-tree.ts';

const LIMIT = String(420 * 1024 * 1024);

/** A memory cgroup of one's own with a limit, of version 1 or 2. Null where this user may not make one. */
async function limitedGroup(): Promise<string | null> {
  for (const [place, limit] of [
    ['/sys/fs/cgroup/memory/das-oom-test', 'memory.limit_in_bytes'],
    ['/sys/fs/cgroup/das-oom-test', 'memory.max'],
  ] as const) {
    try {
      await mkdir(place);
      await writeFile(`${place}/${limit}`, LIMIT);
      return place;
    } catch {
      await rmdir(place).catch(() => undefined);
    }
  }
  return null;
}

const group = await limitedGroup();
afterAll(() => group && rmdir(group));

/** Guarantee 17: what the kernel kills for lack of memory is told as that, though the exit code alone says 137. */
describe.skipIf(group === null)('a worker whose cgroup has little memory', () => {
  let das: Das;
  beforeAll(async () => {
    das = await startDas({ stub: true });
    // With what it starts ahead of any attempt: the process that forks supervisors, and the spare one.
    const worker = das.workers[0]?.pid as number;
    const started = await eventually('a spare supervisor', () => descendantsOf(worker), ({ length }) => length >= 2); // prettier-ignore
    for (const pid of [worker, ...started.map(({ pid }) => pid)]) await writeFile(`${group}/cgroup.procs`, String(pid));
  });
  afterAll(() => das[Symbol.asyncDispose]());

  test('a script that takes more: out_of_memory, and the worker goes on', async () => {
    const script = await das.putScript(
      'greedy.py',
      'taken = []\nwhile True:\n    taken.append(bytearray(b"x") * 10_000_000)\n',
    );
    const run = await das.runToEnd({ script });
    expect(run).toMatchObject({ state: 'failed', losses: 0, failure: { kind: 'out_of_memory' } });
    expect(run.failure?.summary).toMatch(/kernel killed/);
    const killed = await das.runToEnd({
      script: await das.putScript('killed.py', 'import os\nos.kill(os.getpid(), 9)\n'),
    });
    expect(killed.failure?.kind).toBe('exit_code'); // the kernel killed nobody this time
  });
});
