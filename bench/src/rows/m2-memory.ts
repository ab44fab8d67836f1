import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDas } from '@das/testkit/das';
import { childrenOf } from '@das/testkit/processes';
import { AS_SHIPPED, inParallel } from '../measure.ts';
import type { Row } from '../measure.ts';
import { residentMib } from '../process-cpu.ts';

const BURST = 20_000;
/** DAS gives back what a burst left after a minute of rest (core/process/release-memory.ts), and looks every 5 s. */
const RESTED_MS = 75_000;

const row = (what: string, figure: number, most: number | null): Row => ({
  id: 'M2', what, goal: most === null ? null : { op: '≤', value: most }, das: figure, baseline: null, unit: 'MiB', ratio: null,
}); // prettier-ignore

/** Resident memory of API and worker after some work, and of the supervisor of an attempt; in the full form also of an API that took a burst. */
export async function m2(quick: boolean): Promise<Row[]> {
  return [...(await idle()), ...(quick ? [] : await afterBurst())];
}

async function afterBurst(): Promise<Row[]> {
  await using das = await startDas({ stub: true, workers: 0, env: AS_SHIPPED });
  const script = await das.putScript('job.py', 'pass\n');
  await inParallel(BURST, 64, async () => void (await das.submit({ script })));
  const held = residentMib(das.apis[0]?.pid);
  await sleep(RESTED_MS);
  const rested = residentMib(das.apis[0]?.pid);
  return [
    row(`memory of the API after ${BURST} submits`, held, null),
    row('the same after a minute of rest', rested, null),
  ];
}

async function idle(): Promise<Row[]> {
  await using das = await startDas({ stub: true });
  const quickly = await das.putScript('quick.py', 'pass\n');
  for (let i = 0; i < 10; i += 1) await das.runToEnd({ script: quickly });
  const script = await das.putScript('long.py', 'import time\ntime.sleep(60)\n');
  const { id } = await das.submit({ script });
  await das.waitFor(id, ({ phase }) => phase === 'submitting' || phase === 'running');
  await sleep(2000);
  const [forkServer] = await childrenOf(das.workers[0]?.pid);
  const supervisor = await supervisorOfAttempt(forkServer);
  const rows = [
    row('idle memory of the API', residentMib(das.apis[0]?.pid), 120),
    row('idle memory of a worker', residentMib(das.workers[0]?.pid), 100),
    row('memory of its fork server, once per worker', residentMib(forkServer), null),
    row("memory of an attempt's supervisor", residentMib(supervisor), 15),
  ];
  await das.call('cancelRun', { params: { id } });
  await das.waitFor(id);
  return rows;
}

/** Another one waits for the next attempt; what is below that one has no name of its own yet. */
async function supervisorOfAttempt(forkServer: number | undefined): Promise<number | undefined> {
  for (const supervisor of await childrenOf(forkServer)) {
    const names = (await childrenOf(supervisor)).map((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim());
    if (!names.includes('das-main-child')) return supervisor;
  }
  return undefined;
}
