import { startDas } from '@das/testkit/das';
import { AS_SHIPPED, timed } from '../measure.ts';
import type { Row } from '../measure.ts';
import { untilCompleted } from '../until-completed.ts';
import { Stub } from '../stub.ts';

const STUB_S = 2;
/** Runs of each worker before those that count: until then V8 compiles what executes them. */
const WARM_RUNS = 200;
/** Workers and their places each. */
const LAYOUTS = [[1, 1], [1, 2], [1, 4], [1, 8], [1, 16], [2, 1], [4, 4]] as const; // prettier-ignore

/** Stub runs of 2 s at so many places, submitted at once, beside what they would take if nothing else took any time. */
export async function p1(quick: boolean): Promise<Row[]> {
  const rounds = quick ? 2 : 5;
  const rows: Row[] = [];
  const layouts = quick
    ? LAYOUTS.filter(([workers, places]) => workers * places !== 8 && workers * places !== 4)
    : LAYOUTS;
  for (const [workers, places] of layouts) {
    const stub = await Stub.make({ sleepS: 'last argument', notes: false });
    await using das = await startDas({
      workers,
      env: { ...AS_SHIPPED, SPARK_SUBMIT: stub.path, WORKER_CONCURRENCY: String(places) },
    });
    const script = await das.putScript('job.py', 'pass\n');
    const launch = async (count: number, seconds: number, earliestMs = 0) => {
      const items = Array.from({ length: count }, () => ({ script, args: [String(seconds)] }));
      const { body } = await das.call('createLaunch', { body: { items } });
      await untilCompleted(das, body.runs.map(({ id }) => id), earliestMs); // prettier-ignore
    };
    await launch(WARM_RUNS * workers, 0);
    const count = workers * places * rounds;
    const ideal = rounds * STUB_S * 1000;
    const took = await timed(() => launch(count, STUB_S, ideal));
    rows.push({
      id: 'P1', what: `runs of ${STUB_S} s at ${workers === 1 ? '' : `${workers} × `}${places} places`, goal: { op: '≥', value: 0.95 },
      das: took, baseline: ideal, unit: 'ms', ratio: ideal / took, note: `${count} runs; ideal / DAS`,
    }); // prettier-ignore
  }
  return rows;
}
