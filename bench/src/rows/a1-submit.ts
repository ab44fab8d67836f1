import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { API_FLAGS } from '@das/local/node-process';
import { startDas } from '@das/testkit/das';
import { AS_SHIPPED, inParallel, timed } from '../measure.ts';
import type { Row } from '../measure.ts';

const SUBMITTERS = 64;
/** Both servers are warm: the first thousands of requests cost several times as much, while V8 compiles. */
const WARM_UP = 3000;

/** POST /runs at 64 concurrent submitters; then the same calls again under their idempotency keys. */
export async function a1(quick: boolean): Promise<Row[]> {
  const count = quick ? 640 : 3200;
  await using das = await startDas({ stub: true, workers: 0, env: AS_SHIPPED });
  const script = await das.putScript('job.py', 'pass\n');
  const post = (url: string, keyed: boolean) => async (index: number) => {
    const headers = { 'content-type': 'application/json', ...(keyed && { 'Idempotency-Key': `key-${index}` }) };
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ script }) });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
  };
  const rate = async (work: (index: number) => Promise<void>) =>
    count / ((await timed(() => inParallel(count, SUBMITTERS, work))) / 1000);
  const ours = `${das.url}/api/v1/runs`;
  await inParallel(WARM_UP, SUBMITTERS, post(ours, false));
  const submitted = await rate(post(ours, false));

  await inParallel(count, SUBMITTERS, post(ours, true));
  const before = await das.db.runs.countDocuments();
  const replayed = await rate(post(ours, true));
  const duplicates = (await das.db.runs.countDocuments()) - before;

  const beside = async (which: 'das' | 'bare') => {
    await using server = await emptyServer(which);
    await inParallel(WARM_UP, SUBMITTERS, post(server.url, false));
    return await rate(post(server.url, false));
  };
  const empty = await beside('das');
  const bare = await beside('bare');
  return [
    { id: 'A1', what: 'POST /runs at 64 submitters, beside the same server doing nothing', goal: { op: '≥', value: 0.35 }, das: submitted, baseline: empty, unit: '/s', ratio: submitted / empty },
    { id: 'A1', what: 'the same beside a bare express server', goal: null, das: submitted, baseline: bare, unit: '/s', ratio: submitted / bare },
    { id: 'A2', what: 'the same again under its idempotency key', goal: { op: '≥', value: 0.9 }, das: replayed, baseline: submitted, unit: '/s', ratio: replayed / submitted, note: `${duplicates} duplicates` },
  ]; // prettier-ignore
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
