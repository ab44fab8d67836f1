import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Database } from '@das/core/mongo/database';
import { startDas } from '@das/testkit/das';
import { queuedRuns } from '../archive.ts';
import { AS_SHIPPED, cpuMs } from '../measure.ts';
import type { Row } from '../measure.ts';
import { nowMs } from '../stub.ts';

/** Twice as many as change in a second and a half, so that no message hides a change behind a later one of the same run. */
const RUNS = 2000;
const EVERY_MS = 20;
/** What is under way at the end arrives. */
const SETTLE_MS = 2000;

type Summary = { changes: number; messages: number; resyncs: number; missing: number; p50: number; p99: number; most: number }; // prettier-ignore

/** Dashboards that all watch the list of runs while it changes: how late they hear of it, and what that costs the API. */
export async function e1(quick: boolean): Promise<Row[]> {
  const [dashboards, perSecond, seconds] = quick ? [100, 100, 10] : [500, 500, 20];
  await using das = await startDas({ stub: true, workers: 0, env: AS_SHIPPED });
  const ids = await queuedRuns(das.db, das.scriptsDir, RUNS);
  const { hostname, port } = new URL(das.url);
  const file = fileURLToPath(new URL('../dashboards.ts', import.meta.url));
  const clients = spawn(process.execPath, [file, hostname, port, String(dashboards)], { stdio: ['pipe', 'pipe', 'inherit'] }); // prettier-ignore
  const lines = createInterface({ input: clients.stdout });
  await once(lines, 'line');
  await sleep(2000);
  clients.stdin.write('begin\n');
  const pid = das.apis[0]?.pid as number;
  const before = await cpuMs(pid);
  const began = nowMs();
  const changed = await change(das.db, ids, perSecond, seconds);
  await sleep(SETTLE_MS);
  const cores = ((await cpuMs(pid)) - before) / (nowMs() - began - SETTLE_MS);
  const told = once(lines, 'line');
  clients.stdin.end();
  const summary = JSON.parse(String((await told)[0])) as Summary;
  const what = `${dashboards} dashboards, ${perSecond} changes/s`;
  const missed = changed - summary.changes;
  return [
    {
      id: 'E1',
      what: `${what}: change → dashboard, p99`,
      goal: { op: '≤', value: 200 },
      das: summary.p99,
      baseline: null,
      unit: 'ms',
      ratio: null,
      note: `p50 ${summary.p50.toFixed(0)} ms, at most ${summary.most.toFixed(0)} ms, ${missed} of ${changed} changes missed, ${summary.missing} arrivals missing, ${summary.resyncs} resyncs, ${summary.messages} messages`,
    },
    { id: 'E1', what: `${what}: the API`, goal: { op: '≤', value: 1 }, das: cores, baseline: null, unit: 'cores', ratio: null }, // prettier-ignore
  ];
}

/** Changes runs in turn, `perSecond` of them; each says when. Answers how many. */
async function change(db: Database, ids: readonly string[], perSecond: number, seconds: number): Promise<number> {
  const began = nowMs();
  let done = 0;
  while (nowMs() - began < seconds * 1000) {
    const due = Math.floor(((nowMs() - began) / 1000) * perSecond) - done;
    const some = Array.from({ length: due }, (_, n) => ids[(done + n) % ids.length] as string);
    done += due;
    const waiting = { reason: 'backoff' as const, since: db.clock.now(), detail: String(nowMs()) };
    const writes = some.map((_id) => ({ updateOne: { filter: { _id }, update: { $set: { waiting }, $inc: { seq: 1 } } } })); // prettier-ignore
    if (writes.length > 0) await db.runs.bulkWrite(writes, { ordered: false });
    await sleep(EVERY_MS);
  }
  return done;
}
