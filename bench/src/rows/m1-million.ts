import { startDas } from '@das/testkit/das';
import { fillArchive } from '../archive.ts';
import type { Archive } from '../archive.ts';
import { AS_SHIPPED, quantile, timed } from '../measure.ts';
import type { Row } from '../measure.ts';

const FEW = 10_000;

/** What people ask for, by its name. */
type Question = { name: string; path: string };

/** List, filter, count and open runs with a million of them in MongoDB, beside ten thousand. */
export async function m1(quick: boolean): Promise<Row> {
  const many = quick ? 100_000 : 1_000_000;
  await using small = await startArchive(FEW);
  await using large = await startArchive(many);
  const asked = await ask([small, large], quick ? 20 : 40);
  const [baseline, das] = [0, 1].map((which) => quantile(asked.flatMap(({ times }) => times[which] ?? []), 0.95)) as [number, number]; // prettier-ignore
  const told = asked
    .map(({ name, times }) => ({ name, p95s: times.map((some) => quantile(some, 0.95)) as [number, number] }))
    .toSorted((a, b) => b.p95s[1] / b.p95s[0] - a.p95s[1] / a.p95s[0])
    .slice(0, 5)
    .map(({ name, p95s: [few, lots] }) => `${name} ${few.toFixed(1)} → ${lots.toFixed(1)} ms`);
  return {
    id: 'M1',
    what: `${asked.length} questions with ${many.toLocaleString('en')} runs, beside 10,000: p95`,
    goal: { op: '≤', value: 1.5 },
    das,
    baseline,
    unit: 'ms',
    ratio: das / baseline,
    note: `most: ${told.join(', ')}`,
  };
}

type Asked = { name: string; times: number[][] };
type Place = { url: string; questions: Question[] };

/** Each question by turns to each place, so that what else the machine does is shared by both. */
async function ask(places: readonly Place[], rounds: number): Promise<Asked[]> {
  const asked = (places[0]?.questions ?? []).map(({ name }): Asked => ({ name, times: places.map(() => []) }));
  for (let round = -2; round < rounds; round += 1) {
    for (const [index, { times }] of asked.entries()) {
      for (const [which, { url, questions }] of places.entries()) {
        const ms = await timed(() => answered(`${url}/api/v1${questions[index]?.path}`));
        if (round >= 0) times[which]?.push(ms);
      }
    }
  }
  return asked;
}

async function startArchive(count: number): Promise<Place & AsyncDisposable> {
  const das = await startDas({ stub: true, api: 0, workers: 0, env: AS_SHIPPED });
  try {
    const archive = await fillArchive(das.db, das.scriptsDir, count);
    await das.addApi();
    return { url: das.url, questions: questionsOf(archive), [Symbol.asyncDispose]: () => das[Symbol.asyncDispose]() };
  } catch (error) {
    await das[Symbol.asyncDispose]();
    throw error;
  }
}

async function answered(url: string): Promise<void> {
  const answer = await fetch(url);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}`);
}

function questionsOf({ scripts, runs, launch, worker }: Archive): Question[] {
  const [script = ''] = scripts;
  const directory = script.slice(0, script.lastIndexOf('/'));
  const hours = (n: number) => new Date(Date.now() - n * 3_600_000).toISOString();
  const minute = Math.floor(Date.now() / 60_000) * 60_000;
  const histogram = { from: new Date(minute - 24 * 3_600_000).toISOString(), to: new Date(minute).toISOString(), bucketMs: '3600000' }; // prettier-ignore
  const list = (name: string, query: Record<string, string>): Question => ({ name, path: `/runs?${new URLSearchParams(query)}` }); // prettier-ignore
  return [
    list('list', {}),
    list('list of 200', { limit: '200' }),
    list('state', { state: 'failed' }),
    list('active', { state: 'queued,running,retrying,cancelling' }),
    list('script', { script }),
    list('prefix', { prefix: `${directory}/` }),
    list('launch', { launch }),
    list('label', { label: 'team:team-7' }),
    list('unknown label', { label: 'team:nobody' }),
    list('submitter', { submitter: 'person-3' }),
    list('submitter and state', { submitter: 'person-3', state: 'cancelled' }),
    list('failure kind', { failureKind: 'python_error' }),
    list('rare failure kind', { failureKind: 'signal' }),
    list('unknown failure kind', { failureKind: 'timeout' }),
    list('worker', { worker }),
    list('unknown worker', { worker: 'nobody' }),
    list('part of a path', { q: 'report_77' }),
    list('part of no path', { q: 'there-is-no-such-path' }),
    list('beginning of an id', { q: (runs[1] ?? '').slice(0, 14) }),
    list('of yesterday', { createdAfter: hours(48), createdBefore: hours(24) }),
    list('failed last month', { state: 'failed', createdAfter: hours(60 * 24), createdBefore: hours(30 * 24) }),
    ...runs.map((id, index) => ({ name: `run ${index + 1} of ${runs.length}`, path: `/runs/${id}` })),
    { name: 'events', path: `/runs/${runs[1]}/events` },
    { name: 'counts', path: '/runs/counts' },
    { name: 'histogram of a day', path: `/runs/histogram?${new URLSearchParams(histogram)}` },
    { name: 'causes', path: `/runs/causes?${new URLSearchParams({ createdAfter: hours(24) })}` },
    { name: 'overview', path: '/overview' },
    { name: 'launches', path: '/launches' },
    { name: 'scripts', path: '/scripts' },
    { name: 'stats of a script', path: `/scripts/stats?${new URLSearchParams({ path: script })}` },
  ];
}
