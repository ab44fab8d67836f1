import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '@das/contracts/run';
import { startDas } from '@das/testkit/das';
import { COLD_SCRIPT, execute } from '../bare-spark.ts';
import { AS_SHIPPED, timed } from '../measure.ts';
import type { Row } from '../measure.ts';
import { bareEnvironment } from './s2-cold-start.ts';

const PLACES = 2;

/** Real spark-submit runs, two at a time, submitted at once: through DAS and through xargs -P 2. */
export async function p2(quick: boolean): Promise<Row[]> {
  const count = quick ? 4 : 12;
  await using das = await startDas({
    env: { ...AS_SHIPPED, WORKER_CONCURRENCY: String(PLACES) },
  });
  await das.workers[0]?.printed(/quick start: an archive/, 600_000);
  const script = await das.putScript('cold.py', COLD_SCRIPT);
  let ids: string[] = [];
  const ours = await timed(async () => {
    const { body } = await das.call('createLaunch', {
      body: { items: Array.from({ length: count }, () => ({ script })) },
    });
    ids = body.runs.map(({ id }) => id);
    const open = { _id: { $in: ids }, finishedAt: null };
    while ((await das.db.runs.countDocuments(open)) > 0) await sleep(100);
  });
  const runs = await Promise.all(ids.map((id) => das.run(id)));
  if (runs.some(({ state }) => state !== 'completed')) throw new Error('a run did not complete');
  const local = join(das.home, 'cold.py');
  await writeFile(local, COLD_SCRIPT);
  const xargs = `seq ${count} | xargs -P ${PLACES} -I{} "$0" --master 'local[1]' "$1" >/dev/null 2>&1`;
  const theirs = await execute(['sh', '-c', xargs, das.stack.sparkSubmit, local], bareEnvironment(das));
  return [
    { id: 'P2', what: `${count} cold PySpark scripts, ${PLACES} at a time`, goal: { op: '≤', value: 0.65 },
      das: ours, baseline: theirs.ms, unit: 'ms', ratio: ours / theirs.ms },
    { id: 'P2', what: 'places busy while runs wait', goal: { op: '≥', value: 99 },
      das: busy(runs), baseline: null, unit: '%', ratio: null },
  ]; // prettier-ignore
}

/**
 * Share of the places' time that attempts took, from the first start until the first place finds nothing more to do. While one still finishes
 * the next may have its place (docs/adr/0024): that place is busy once.
 */
function busy(runs: readonly Run[]): number {
  const spans = runs.map(
    ({ startedAt, finishedAt }) => [Date.parse(startedAt ?? ''), Date.parse(finishedAt ?? '')] as const,
  );
  const from = Math.min(...spans.map(([start]) => start));
  const lastStart = Math.max(...spans.map(([start]) => start));
  const until = Math.min(...spans.map(([, end]) => end).filter((end) => end > lastStart));
  const changes = [...spans.flat().filter((time) => time < until), until].sort((one, other) => one - other);
  const takenAt = (time: number) =>
    Math.min(PLACES, spans.filter(([start, end]) => start <= time && time < end).length);
  const taken = changes.slice(1).reduce((sum, to, index) => {
    const since = changes[index] as number;
    return sum + (to - since) * takenAt(since);
  }, 0);
  return (100 * taken) / (PLACES * (until - from));
}
