import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDas } from '@das/testkit/das';
import { AS_SHIPPED, timed } from '../measure.ts';
import type { Row } from '../measure.ts';
import { residentMib } from '../process-cpu.ts';

const LINE = 'the quick brown fox jumps over the lazy dog, and writes home about it in a line of 100 characters ...';

/** A run that prints 1 GB, beside the same program with its output in a file. */
export async function l1(quick: boolean): Promise<Row[]> {
  const bytes = (quick ? 256 : 1024) * 1024 * 1024;
  const folder = await mkdtemp(join(tmpdir(), 'das-bench-'));
  const printer = join(folder, 'printer');
  await writeFile(printer, `#!/bin/sh\nyes '${LINE}' | head -c ${bytes}\n`);
  await chmod(printer, 0o755);
  const small = join(folder, 'small');
  await writeFile(
    small,
    `#!/bin/sh\nif [ -e ${folder}/warm ]; then ${printer}; exec touch ${folder}/ended; fi\necho warm\n`,
  );
  await chmod(small, 0o755);
  await using das = await startDas({ env: { ...AS_SHIPPED, SPARK_SUBMIT: small } });
  const script = await das.putScript('job.py', 'pass\n');
  for (let i = 0; i < 5; i += 1) await das.runToEnd({ script });
  await writeFile(join(folder, 'warm'), '');

  const worker = das.workers[0]?.pid;
  const idle = residentMib(worker);
  let most = idle;
  const sampling = setInterval(() => (most = Math.max(most, residentMib(worker))), 50);
  let size = 0;
  const took = await timed(async () => {
    const { attempts } = await das.runToEnd({ script }, { withinMs: 600_000 });
    size = attempts[0]?.logSize ?? 0;
  });
  clearInterval(sampling);
  const after = Date.now() - (await stat(join(folder, 'ended'))).mtimeMs;
  const file = join(folder, 'output');
  const bare = await timed(async () => execFileSync('sh', ['-c', `${printer} > ${file}`]));
  await rm(folder, { recursive: true });
  if (size !== bytes) throw new Error(`the log has ${size} bytes of ${bytes}`);
  const rate = (milliseconds: number) => bytes / 1024 / 1024 / (milliseconds / 1000);
  return [
    { id: 'L1', what: `a run that prints ${bytes / 1024 ** 2} MiB`, goal: { op: '≥', value: 0.25 }, das: rate(took), baseline: rate(bare), unit: 'MiB/s', ratio: bare / took, note: `${after.toFixed(0)} ms of ${took.toFixed(0)} after the script's end` },
    { id: 'L1', what: 'memory of the worker meanwhile, at most', goal: { op: '≤', value: 150 }, das: most, baseline: null, unit: 'MiB', ratio: null, note: `${idle.toFixed(0)} MiB before` },
  ]; // prettier-ignore
}
