import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { ownCgroup } from './own-cgroup.ts';

const LIMIT = String(420 * 1024 * 1024);
const group = await ownCgroup(LIMIT, ['memory/das-oom-test/memory.limit_in_bytes', 'das-oom-test/memory.max']);

/** Guarantee 17: what the kernel kills for lack of memory is told as that, though the exit code alone says 137. */
describe.skipIf(group === null)('a worker whose cgroup has little memory', () => {
  let das: Das;
  beforeAll(async () => {
    das = await startDas({ stub: true });
    await group?.admit(das.workers[0]?.pid as number);
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
