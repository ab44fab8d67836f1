import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Run } from '@das/contracts/run';
import { breaches, LEDGER_SCRIPT, readLedger } from '@das/testkit/campaign/ledger';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';
import { IN_TURN } from '@das/testkit/in-turn';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { CRASH_POINTS } from './crash-points.ts';
import type { CrashPoint } from './crash-points.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const preload = new URL('crash-preload.ts', import.meta.url).href;

/**
 * Guarantee 6: a crash anywhere between the claim and the last word to BullMQ starts no second driver beside a first, and loses no run.
 * For each step there is a worker that crashes at it, and a run; which of them meet is left to the queue. Then a sound worker finishes.
 */
describe.concurrent('a crash at each step of an attempt', () => {
  let das: Das;
  let ledger: string;
  const submitted: { run: Run; ends: 'completed' | 'failed' }[] = [];
  const exits = new Map<CrashPoint, { code: number | null; signal: NodeJS.Signals | null }>();

  beforeAll(async () => {
    das = await startDas({ stub: true, workers: 0 });
    ledger = join(das.home, 'ledger');
    const script = await das.putScript('driver.py', LEDGER_SCRIPT);
    for (const index of CRASH_POINTS.keys()) {
      // Every third one fails, and has a retry.
      const ends = index % 3 === 2 ? 'failed' : 'completed';
      const args = [ledger, '0.3', ends === 'failed' ? 'fail+family' : 'stubborn+family'];
      submitted.push({ run: await das.submit({ script, args, retries: { max: 1, delayMs: 300 } }), ends });
    }
    const left = [...CRASH_POINTS];
    await Promise.all([1, 2].map(async () => {
      for (let point = left.shift(); point; point = left.shift()) await crashAt(point);
    })); // prettier-ignore
    await das.addWorker();
  });
  afterAll(() => das[Symbol.asyncDispose]());

  async function crashAt(point: CrashPoint): Promise<void> {
    const once = join(das.home, `crashed ${point}`);
    const env = { CRASH_AT: point, CRASH_ONCE: once, NODE_OPTIONS: `--import ${preload}`, WORKER_CONCURRENCY: '1' };
    exits.set(point, await (await das.spawn('worker', { WORKER_DIR: join(das.home, `dir ${point}`), ...env })).ends());
  }

  test.each(CRASH_POINTS)('a worker crashes %s', IN_TURN, (point) => {
    expect(exits.get(point)).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('every run ends once, as it should', IN_TURN, async () => {
    for (const { run, ends } of submitted) {
      const ended = await das.waitFor(run.id, undefined, { withinMs: 60_000 });
      expect(ended).toMatchObject({ state: ends, failures: ends === 'failed' ? 2 : 0 });
      const events = (await das.call('getRunEvents', { params: { id: run.id } })).body.items;
      expect(events.filter(({ to }) => to === ends)).toHaveLength(1);
    }
  });

  test('nowhere were there two drivers, and each attempt began once', IN_TURN, async () => {
    expect(breaches(await readLedger(ledger))).toEqual([]);
  });
});

test.concurrent(
  'a process that reconciles crashes between the end of a lease and the loss: the run is not forgotten',
  async () => {
    await using released = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'das-crash-'));
    released.defer(() => rm(folder, { recursive: true }));
    const env = {
      CRASH_AT: 'between the end of a lease and the loss',
      CRASH_ONCE: join(folder, 'crashed'),
      NODE_OPTIONS: `--import ${preload}`,
    };
    const other = released.use(await startDas({ stub: true, api: 2, workers: 0, apiEnv: env }));
    const worker = await other.addWorker();
    const script = await other.putScript('driver.py', LEDGER_SCRIPT);
    const { id } = await other.submit({ script, args: [join(other.home, 'ledger'), '300', 'once'] });
    await other.waitFor(id, ({ phase }) => phase === 'running');
    worker.kill();
    await Promise.race(other.apis.map((api) => api.ends()));
    await other.addWorker();
    const ended = () => other.db.runs.findOne({ _id: id });
    const run = await eventually('the run has ended', ended, (seen) => seen?.state === 'completed', {
      withinMs: 60_000,
    });
    expect(run).toMatchObject({ failures: 0, losses: 1, attemptCount: 2 });
  },
);
