import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiClient } from '@das/testkit/call';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';

/** Guarantee 3: one Idempotency-Key, one run; however often, how much at once and through which process it is sent. */
let das: Das;
let apis: ApiClient[];
let script: string;
beforeAll(async () => {
  das = await startDas({ stub: true, api: 2 });
  apis = await Promise.all(das.apis.map(async (api) => new ApiClient(await api.ready())));
  script = await das.putScript('once.py', 'print("once")\n');
});
afterAll(() => das[Symbol.asyncDispose]());

/** The same call 50 times at once, by turns through each API process. */
function fiftyTimes(call: (api: ApiClient) => Promise<Response>): Promise<{ status: number; text: string }[]> {
  const send = async (api: ApiClient) => {
    const answer = await call(api);
    return { status: answer.status, text: await answer.text() };
  };
  return Promise.all(Array.from({ length: 50 }, (_, i) => send(apis[i % apis.length] as ApiClient)));
}

const key = (name: string) => ({ 'Idempotency-Key': name });

describe('50 identical calls at once, through two API processes', () => {
  test('POST /runs: one run, told 50 times', async () => {
    const body = { script, args: ['x'], labels: { test: 'fifty' } };
    const answers = await fiftyTimes((api) => api.fetch('submitRun', { body, headers: key('fifty-runs') }));
    const ids = new Set(answers.map(({ text }) => (JSON.parse(text) as { id: string }).id));
    expect(answers.map(({ status }) => status).toSorted((a, b) => b - a)).toEqual([
      202,
      ...Array<number>(49).fill(200),
    ]);
    expect(ids.size).toBe(1);
    expect(await das.db.runs.countDocuments()).toBe(1);
    expect(await das.waitFor([...ids][0] ?? '')).toMatchObject({ state: 'completed', attemptCount: 1 });
  });

  test('POST /launches: one launch with its runs', async () => {
    const before = await das.db.runs.countDocuments();
    const body = { items: [{ script }, { script }, { script }] };
    const answers = await fiftyTimes((api) => api.fetch('createLaunch', { body, headers: key('fifty-launches') }));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await das.db.launches.countDocuments()).toBe(1);
    expect(await das.db.runs.countDocuments()).toBe(before + 3);
  });

  test('POST /runs/:id/rerun: one re-run', async () => {
    const { id } = await das.runToEnd({ script });
    const call = { params: { id }, body: {}, headers: key('fifty-reruns') };
    const answers = await fiftyTimes((api) => api.fetch('rerunRun', call));
    expect(new Set(answers.map(({ text }) => (JSON.parse(text) as { id: string }).id)).size).toBe(1);
    expect(await das.db.runs.countDocuments({ rerunOf: id })).toBe(1);
  });
});

test('the same key with another body is a conflict, and starts nothing', async () => {
  const first = await das.call('submitRun', { body: { script, args: ['1'] }, headers: key('reused') });
  const before = await das.db.runs.countDocuments();
  for (const api of apis) {
    const { status, problem } = await api.refused('submitRun', {
      body: { script, args: ['2'] },
      headers: key('reused'),
    });
    expect([status, problem.code]).toEqual([409, 'idempotency_conflict']);
  }
  expect(await das.db.runs.countDocuments()).toBe(before);
  const again = await das.call('submitRun', { body: { script, args: ['1'] }, headers: key('reused') });
  expect([again.status, again.body.id]).toEqual([200, first.body.id]);
});

test('two bodies under one key at the same time: one of them, and 409 for the other', async () => {
  const before = await das.db.runs.countDocuments();
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      (apis[i % 2] as ApiClient).fetch('submitRun', { body: { script, args: [String(i % 4)] }, headers: key('race') }),
    ),
  );
  const statuses = answers.map(({ status }) => status);
  expect(statuses.every((status) => [200, 202, 409, 503].includes(status))).toBe(true);
  expect(statuses.filter((status) => status === 202).length).toBeLessThanOrEqual(1);
  expect(await das.db.runs.countDocuments()).toBe(before + 1);
});

test('somebody else’s key is another key', async () => {
  const answers = await Promise.all(
    ['ada', 'bob'].map((name) =>
      das.api.with({ 'X-DAS-Submitter': name }).call('submitRun', { body: { script }, headers: key('shared') }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual([202, 202]);
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(2);
});

test('an API that dies between the key and its run: the next calls with the key store that very run, once', async () => {
  const doomed = await das.addApi();
  const call = { body: { script, labels: { test: 'died' } }, headers: key('died') };
  const refuseRuns = (validator: object) => das.db.db.command({ collMod: 'runs', validator });
  await refuseRuns({ state: 'no such state' });
  try {
    expect((await doomed.fetch('submitRun', call)).status).toBe(500);
    das.apis.at(-1)?.kill();
  } finally {
    await refuseRuns({});
  }
  const claimed = await das.db.idempotency.findOne({ 'run.labels.value': 'died' });
  const answers = await fiftyTimes((api) => api.fetch('submitRun', call));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  const [id, ...others] = new Set(answers.map(({ text }) => (JSON.parse(text) as { id: string }).id));
  expect([id, others]).toEqual([claimed?.run?._id, []]);
  expect(await das.db.runs.countDocuments({ 'labels.value': 'died' })).toBe(1);
  expect(await das.waitFor(id as string)).toMatchObject({ state: 'completed', attemptCount: 1 });
});
