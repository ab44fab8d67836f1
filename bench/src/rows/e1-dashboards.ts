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

/** As many as change in four seconds: only a message that is later than that hides a change behind a later one of the same run. */
const RUNS = 2000;
const EVERY_MS = 20;
/** What is under way at the end arrives. */
const SETTLE_MS = 2000;

/** `told`: by run, when the change was made that the first dashboard heard of last. */
type Summary = { changes: number; messages: number; resyncs: number; missing: number; told: Record<string, number>; p50: number; p99: number; most: number }; // prettier-ignore
/** How many changes were made; by run, when its last one was. */
type Changed = { count: number; last: Map<string, number> };

/** Dashboards that all watch the list of runs while it changes: how late they hear of it, and what that costs the API. */
export async function e1(quick: boolean): Promise<Row[]> {
  const [dashboards, perSecond, seconds] = quick ? [100, 100, 10] : [500, 500, 20];
  await using das = await startDas({ stub: true, workers: 0, env: AS_SHIPPED });
  const ids = await queuedRuns(das.db, das.scriptsDir, RUNS);
  await allHaveJobs(das.db);
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
  const stale = [...changed.last].filter(([id, at]) => summary.told[id] !== at).length;
  return [
    {
      id: 'E1',
      what: `${what}: change → dashboard, p99`,
      goal: { op: '≤', value: 200 },
      das: summary.p99,
      baseline: null,
      unit: 'ms',
      ratio: null,
      note: `p50 ${summary.p50.toFixed(0)} ms, at most ${summary.most.toFixed(0)} ms, ${changed.count - summary.changes} of ${changed.count} changes hidden by a later one or a resync, ${stale} runs left stale, ${summary.missing} arrivals missing, ${summary.resyncs} resyncs, ${summary.messages} messages`,
    },
    { id: 'E1', what: `${what}: the API`, goal: { op: '≤', value: 1 }, das: cores, baseline: null, unit: 'cores', ratio: null }, // prettier-ignore
  ];
}

/** The reconciler gives them jobs, and tells of it: 2,000 changes at once that are not the ones to be measured. */
async function allHaveJobs(db: Database): Promise<void> {
  while (await db.runs.findOne({ 'events.1': { $exists: false } }, { projection: { _id: 1 } })) await sleep(250);
}

/** Changes runs in turn, `perSecond` of them; each says when. */
async function change(db: Database, ids: readonly string[], perSecond: number, seconds: number): Promise<Changed> {
  const began = nowMs();
  const last = new Map<string, number>();
  let done = 0;
  while (nowMs() - began < seconds * 1000) {
    const due = Math.floor(((nowMs() - began) / 1000) * perSecond) - done;
    const some = Array.from({ length: due }, (_, n) => ids[(done + n) % ids.length] as string);
    done += due;
    const at = nowMs();
    const waiting = { reason: 'backoff' as const, since: db.clock.now(), detail: String(at) };
    for (const id of some) last.set(id, at);
    const writes = some.map((_id) => ({ updateOne: { filter: { _id }, update: { $set: { waiting }, $inc: { seq: 1 } } } })); // prettier-ignore
    if (writes.length > 0) await db.runs.bulkWrite(writes, { ordered: false });
    await sleep(EVERY_MS);
  }
  return { count: done, last };
}
