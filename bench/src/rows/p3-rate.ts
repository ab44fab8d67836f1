import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { startDas } from '@das/testkit/das';
import { AS_SHIPPED, timed } from '../measure.ts';
import type { Row } from '../measure.ts';
import { treeCpuMs } from '../process-cpu.ts';
import { Stub } from '../stub.ts';
import { untilCompleted } from '../until-completed.ts';

/** Stub runs that do nothing, as many as go: what DAS itself costs a run, and how many it gets through. */
export async function p3(quick: boolean): Promise<Row[]> {
  const count = quick ? 200 : 1000;
  const places = 2 * availableParallelism();
  const stub = await Stub.make();
  await using das = await startDas({
    env: { ...AS_SHIPPED, SPARK_SUBMIT: stub.path, WORKER_CONCURRENCY: String(places) },
  });
  const script = await das.putScript('job.py', 'pass\n');
  const launch = async (runs: number) => {
    const { body } = await das.call('createLaunch', {
      body: { items: Array.from({ length: runs }, () => ({ script })) },
    });
    await untilCompleted(das, body.runs.map(({ id }) => id)); // prettier-ignore
  };
  await launch(50); // warm
  const cpu = () => [das.apis[0], das.workers[0]].map((app) => treeCpuMs(app?.pid ?? 0));
  const before = cpu();
  const took = await timed(() => launch(count));
  const [api, worker] = cpu().map((used, index) => (used - (before[index] ?? 0)) / count) as [number, number];
  const bare = xargs(stub.path, count, places);
  return [
    { id: 'P3', what: 'CPU of DAS per run that does nothing', goal: { op: '≤', value: 40 }, das: api + worker - bare.cpuMs, baseline: null, unit: 'ms', ratio: null, note: `API ${api.toFixed(1)}, worker and supervisor ${(worker - bare.cpuMs).toFixed(1)}; the stub's own ${bare.cpuMs.toFixed(1)} left out` },
    { id: 'P3', what: 'runs that do nothing, as many as go, beside xargs -P', goal: null, das: count / (took / 1000), baseline: bare.perSecond, unit: '/s', ratio: count / (took / 1000) / bare.perSecond },
  ]; // prettier-ignore
}

function xargs(stub: string, count: number, width: number): { perSecond: number; cpuMs: number } {
  const script = `seq ${count} | xargs -P ${width} -I{} ${stub}; times`;
  const began = performance.now();
  const times = execFileSync('bash', ['-c', script], { encoding: 'utf8' });
  const seconds = (performance.now() - began) / 1000;
  // The second line of `times`: the children's user and system time, `0m1.234s`.
  const [user = 0, system = 0] = (times.trim().split('\n')[1] ?? '').split(' ').map(minutesAndSeconds);
  return { perSecond: count / seconds, cpuMs: ((user + system) * 1000) / count };
}

function minutesAndSeconds(text: string): number {
  const [, minutes = '0', seconds = '0'] = /(\d+)m([\d.]+)s/.exec(text) ?? [];
  return Number(minutes) * 60 + Number(seconds);
}
