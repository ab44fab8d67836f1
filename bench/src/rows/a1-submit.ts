import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { API_FLAGS } from '@das/local/node-process';
import { startDas } from '@das/testkit/das';
import { AS_SHIPPED, inParallel, timed } from '../measure.ts';
import type { Row } from '../measure.ts';

const SUBMITTERS = 64;
/** All servers are warm: the first thousands of requests cost several times as much, while V8 compiles. */
const WARM_UP = 6000;
/** The servers are measured by turns, so many times each: the machine changes its speed within seconds. */
const TURNS = 12;

/** POST /runs at 64 concurrent submitters, beside servers that do nothing; then the same calls again under their idempotency keys. */
export async function a1(quick: boolean): Promise<Row[]> {
  const count = quick ? 160 : 800;
  await using das = await startDas({ stub: true, workers: 0, env: AS_SHIPPED });
  await using same = await emptyServer('das');
  await using bare = await emptyServer('bare');
  const script = await das.putScript('job.py', 'pass\n');
  const post =
    (url: string, keyed = false) =>
    async (index: number) => {
      const headers = { 'content-type': 'application/json', ...(keyed && { 'Idempotency-Key': `key-${index}` }) };
      const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ script }) });
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
      await answer.arrayBuffer();
    };
  const ours = `${das.url}/api/v1/runs`;
  const posts = [post(ours), post(same.url), post(bare.url)];
  for (const work of posts) await inParallel(WARM_UP, SUBMITTERS, work);
  const [submitted, empty, barely] = (await ratesByTurns(posts, count)) as [number, number, number];

  await inParallel(TURNS * count, SUBMITTERS, post(ours, true));
  const before = await das.db.runs.countDocuments();
  const [replayed] = (await ratesByTurns([post(ours, true)], TURNS * count, 1)) as [number];
  const duplicates = (await das.db.runs.countDocuments()) - before;
  return [
    { id: 'A1', what: 'POST /runs at 64 submitters, beside the same server doing nothing', goal: { op: '≥', value: 0.35 }, das: submitted, baseline: empty, unit: '/s', ratio: submitted / empty },
    { id: 'A1', what: 'the same beside a bare express server', goal: null, das: submitted, baseline: barely, unit: '/s', ratio: submitted / barely },
    { id: 'A2', what: 'the same again under its idempotency key', goal: { op: '≥', value: 0.9 }, das: replayed, baseline: submitted, unit: '/s', ratio: replayed / submitted, note: `${duplicates} duplicates` },
  ]; // prettier-ignore
}

/** Requests a second of each, over all of its turns. */
async function ratesByTurns(
  works: readonly ((index: number) => Promise<void>)[],
  count: number,
  turns = TURNS,
): Promise<number[]> {
  const tookMs = works.map(() => 0);
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [index, work] of works.entries()) {
      tookMs[index] = (tookMs[index] ?? 0) + (await timed(() => inParallel(count, SUBMITTERS, work)));
    }
  }
  return tookMs.map((ms) => (turns * count) / (ms / 1000));
}

/** One of the baselines of empty-server.ts, run as an API is. */
async function emptyServer(which: 'das' | 'bare'): Promise<{ url: string } & AsyncDisposable> {
  const main = fileURLToPath(new URL('../empty-server.ts', import.meta.url));
  const server = spawn(process.execPath, [...API_FLAGS, main, which], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(server.stdout, 'data')) as [Buffer];
  const stop = async () => {
    server.kill();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${String(port).trim()}/runs`, [Symbol.asyncDispose]: stop };
}
