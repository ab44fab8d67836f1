import { startDas } from '@das/testkit/das';
import { quantile } from '../measure.ts';
import type { Row } from '../measure.ts';

const LEASE_MS = 8000;

/** kill -9 of a worker → the run's next attempt starts on another. */
export async function r1(quick: boolean): Promise<Row> {
  const rounds = quick ? 3 : 10;
  const env = {
    LEASE_MS: String(LEASE_MS),
    RECONCILE_INTERVAL_MS: '2000',
    WORKER_CONCURRENCY: '2',
    MAX_LOSSES: '1000',
  };
  await using das = await startDas({ stub: true, env });
  const script = await das.putScript('long.py', 'import time\ntime.sleep(600)\n');
  const took: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { id } = await das.submit({ script });
    await das.waitFor(id, ({ phase }) => phase === 'submitting' || phase === 'running');
    const victim = das.workers.at(-1);
    await das.addWorker();
    victim?.kill();
    const killedAt = das.db.clock.now().getTime();
    const run = await das.waitFor(id, ({ attempts }) => attempts.length === 2, { withinMs: 120_000, everyMs: 50 });
    took.push(Date.parse(run.attempts[1]?.startedAt ?? '') - killedAt);
    await das.call('cancelRun', { params: { id } });
    await das.waitFor(id);
  }
  const p95 = quantile(took, 0.95);
  return {
    id: 'R1', what: 'kill -9 of a worker → next attempt starts, p95', goal: { op: '≤', value: (LEASE_MS + 5000) / LEASE_MS },
    das: p95, baseline: LEASE_MS, unit: 'ms', ratio: p95 / LEASE_MS, note: `lease ${LEASE_MS} ms; p50 ${Math.round(quantile(took, 0.5))} ms`,
  }; // prettier-ignore
}
