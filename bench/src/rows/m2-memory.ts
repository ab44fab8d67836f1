import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDas } from '@das/testkit/das';
import { childrenOf } from '@das/testkit/processes';
import type { Row } from '../measure.ts';
import { residentMib } from '../process-cpu.ts';

/** Resident memory of API and worker after some work, and of the supervisor of an attempt. */
export async function m2(): Promise<Row[]> {
  await using das = await startDas({ stub: true });
  const quickly = await das.putScript('quick.py', 'pass\n');
  for (let i = 0; i < 10; i += 1) await das.runToEnd({ script: quickly });
  const script = await das.putScript('long.py', 'import time\ntime.sleep(60)\n');
  const { id } = await das.submit({ script });
  await das.waitFor(id, ({ phase }) => phase === 'submitting' || phase === 'running');
  await sleep(2000);
  const [forkServer] = await childrenOf(das.workers[0]?.pid);
  const supervisor = await supervisorOfAttempt(forkServer);
  const row = (what: string, figure: number, most: number): Row => ({
    id: 'M2', what, goal: { op: '≤', value: most }, das: figure, baseline: null, unit: 'MiB', ratio: null,
  }); // prettier-ignore
  const rows = [
    row('idle memory of the API', residentMib(das.apis[0]?.pid), 120),
    row('idle memory of a worker', residentMib(das.workers[0]?.pid), 100),
    { ...row('memory of its fork server, once per worker', residentMib(forkServer), 15), goal: null },
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
