import { setTimeout as sleep } from 'node:timers/promises';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { AS_SHIPPED, quantile } from '../measure.ts';
import type { Row } from '../measure.ts';
import { Stub } from '../stub.ts';

const SUBMITTERS = 200;
/** Each submits a run, and thinks about as long before its next one: together 20 runs/s, two thirds of what two cores can execute (P3). */
const THINK_MS = 10_000;
/** How long the last runs may take to end. */
const PATIENCE_MS = 120_000;

type Accepted = { id: string; ms: number };

/** 200 people submit for five minutes: how long each waits for its 202, how long runs wait, and whether each ended exactly once. */
export async function load(quick: boolean): Promise<Row[]> {
  const seconds = quick ? 30 : 300;
  const stub = await Stub.make();
  await using das = await startDas({ stub: true, workers: 2, env: { ...AS_SHIPPED, SPARK_SUBMIT: stub.path } });
  const script = await das.putScript('job.py', 'pass\n');
  const accepted: Accepted[] = [];
  const until = performance.now() + seconds * 1000;
  await Promise.all(Array.from({ length: SUBMITTERS }, (_, n) => submitter(das.url, script, `person-${n}`, until, accepted))); // prettier-ignore
  await allEnded(das);
  const runs = await das.db.runs.find().toArray();
  const completed = new Set(runs.filter(({ state }) => state === 'completed').map(({ _id }) => _id));
  const lost = accepted.filter(({ id }) => !completed.has(id)).length;
  const executions = (await stub.times()).length;
  const waits = runs.flatMap(({ createdAt, startedAt }) =>
    startedAt ? startedAt.getTime() - createdAt.getTime() : [],
  );
  const [answers, what] = [accepted.map(({ ms }) => ms), `${SUBMITTERS} submitters for ${seconds} s`];
  const row = (about: string, times: readonly number[], note: string): Row => ({
    id: 'L200',
    what: `${what}: ${about}, p99`,
    goal: null,
    das: quantile(times, 0.99),
    baseline: null,
    unit: 'ms',
    ratio: null,
    note: `p50 ${quantile(times, 0.5).toFixed(0)} ms; ${note}`,
  });
  return [
    row('the 202', answers, `${accepted.length} accepted, ${lost} lost, ${runs.length - accepted.length} that nobody was told of`),
    row('in the queue', waits, `${executions - runs.length} executed more than once`),
  ]; // prettier-ignore
}

async function submitter(
  url: string,
  script: string,
  name: string,
  until: number,
  accepted: Accepted[],
): Promise<void> {
  await sleep(Math.random() * Math.min(THINK_MS, until - performance.now()));
  while (performance.now() < until) {
    const began = performance.now();
    const headers = { 'content-type': 'application/json', 'x-das-submitter': name };
    const answer = await fetch(`${url}/api/v1/runs`, { method: 'POST', headers, body: JSON.stringify({ script }) });
    const text = await answer.text();
    if (answer.status !== 202) throw new Error(`${answer.status} ${text}`);
    accepted.push({ id: (JSON.parse(text) as { id: string }).id, ms: performance.now() - began });
    await sleep((0.5 + Math.random()) * THINK_MS);
  }
}

async function allEnded(das: Das): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (performance.now() < until) {
    if (!(await das.db.runs.findOne({ state: { $in: ['queued', 'running', 'retrying', 'cancelling'] } }))) return;
    await sleep(500);
  }
}
