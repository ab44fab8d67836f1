import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { childrenOf, COLD_SCRIPT, cpuSeconds, execute } from '../bare-spark.ts';
import { AS_SHIPPED, quantile, timed } from '../measure.ts';
import type { Row } from '../measure.ts';

type Cost = { ms: number; cpuS: number };
/** Long enough for an archive of classes that is still to be made. */
const READY_MS = 600_000;

/** The cold start of a real PySpark script: through DAS, from the submit to the end, and bare spark-submit. In turn, so that all see the same machine. */
export async function s2(quick: boolean): Promise<Row[]> {
  const rounds = quick ? 3 : 5;
  await using das = await startDas({ env: { ...AS_SHIPPED, WORKER_CONCURRENCY: '1' } });
  await das.workers[0]?.printed(/quick start: an archive/, READY_MS);
  const script = await das.putScript('cold.py', COLD_SCRIPT);
  const local = join(das.home, 'cold.py');
  await writeFile(local, COLD_SCRIPT);
  const costs = { stock: [] as Cost[], standard: [] as Cost[], fast: [] as Cost[] };
  for (let i = 0; i < rounds; i += 1) {
    costs.stock.push(await bare(das, local));
    costs.standard.push(await through(das, { script }));
    costs.fast.push(await through(das, { script, startup: 'fast' }));
  }
  const row = (id: string, kind: 'standard' | 'fast', what: keyof Cost, goal: number): Row => {
    const [ours, theirs] = [costs[kind], costs.stock].map((list) => quantile(list.map((cost) => cost[what]), 0.5)) as [number, number]; // prettier-ignore
    return {
      id, what: `cold PySpark script${kind === 'fast' ? ', startup: fast' : ''}, ${what === 'ms' ? 'wall time' : 'CPU'}`,
      goal: { op: '≤', value: goal }, das: ours, baseline: theirs, unit: what === 'ms' ? 'ms' : 'CPU s', ratio: ours / theirs,
    }; // prettier-ignore
  };
  return [row('S2', 'standard', 'cpuS', 0.5), row('S2', 'standard', 'ms', 0.5), row('S2-fast', 'fast', 'cpuS', 0.35), row('S2-fast', 'fast', 'ms', 0.35)]; // prettier-ignore
}

function bare(das: Das, script: string): Promise<Cost> {
  return execute([das.stack.sparkSubmit, '--master', 'local[1]', script], bareEnvironment(das));
}

/** As a worker gives it to its attempts, so that only the way of starting differs. */
export function bareEnvironment(das: Das): NodeJS.ProcessEnv {
  const { PATH, HOME, JAVA_HOME } = process.env;
  return {
    PATH,
    HOME,
    JAVA_HOME,
    LC_ALL: 'C.UTF-8',
    SPARK_LOCAL_IP: '127.0.0.1',
    PYSPARK_PYTHON: das.stack.pysparkPython,
  };
}

/** CPU of DAS itself is counted in: of the API, the worker, its fork server, and all that these have waited for. */
async function through(das: Das, request: Parameters<Das['submit']>[0]): Promise<Cost> {
  const apps = [...das.apis, ...das.workers].map(({ pid }) => pid);
  const pids = [...apps, ...(await Promise.all(apps.map(childrenOf))).flat()];
  const spent = async () =>
    (await Promise.all(pids.map((pid) => cpuSeconds(pid, { children: true })))).reduce(
      (sum, seconds) => sum + seconds,
      0,
    );
  const before = await spent();
  const ms = await timed(async () => {
    const { id } = await das.submit(request);
    // Of MongoDB, as looking through the API would be counted as its CPU.
    while (!(await das.db.runs.findOne({ _id: id, finishedAt: { $ne: null } }))) await sleep(50);
  });
  return { ms, cpuS: (await spent()) - before };
}
