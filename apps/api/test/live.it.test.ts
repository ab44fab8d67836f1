import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { LiveClient } from '@das/testkit/live';
import { startProxy } from '@das/testkit/proxy';

/** The socket contract (design §4). */
let das: Das;
let hello: string;
beforeAll(async () => {
  das = await startDas({ stub: true });
  hello = await das.putScript(
    'hello.py',
    'import time\nfor i in range(3):\n    print("hello", i, flush=True)\n    time.sleep(0.3)\n',
  );
});
afterAll(() => das[Symbol.asyncDispose]());

describe('subscribe', () => {
  test.each(['runs', 'scripts', 'workers', 'launches', 'run:abc', 'launch:abc'])('%s: acknowledged', async (topic) => {
    const live = await das.live();
    expect(await live.subscribe(topic)).toEqual({ ok: true });
    expect(await live.unsubscribe(topic)).toEqual({ ok: true });
  });

  test.each([['nonsense'], ['run:'], ['run:a/b'], [''], [`run:${'x'.repeat(65)}`], [{ $gt: '' }], [null]])(
    '%j: refused',
    async (topic) => {
      const live = await das.live();
      expect(await live.subscribe(topic as string)).toMatchObject({ ok: false, code: 'invalid_request' });
      expect(await live.unsubscribe(topic as string)).toMatchObject({ ok: false, code: 'invalid_request' });
    },
  );

  test('a message that is none: refused, and the connection stays', async () => {
    const live = await das.live();
    const answer: unknown = await live.socket.timeout(5000).emitWithAck('subscribe', 'runs' as never);
    expect(answer).toMatchObject({ ok: false, code: 'invalid_request' });
    expect(await live.subscribe('runs')).toEqual({ ok: true });
  });
});

test('a run as it goes: states with growing seq, its log with offsets, and nothing after unsubscribe', async () => {
  const live = await das.live();
  await live.subscribe('runs');
  const run = await das.submit({ script: hello });
  await live.subscribe(`run:${run.id}`);
  await das.waitFor(run.id);
  await live.until('run', () => live.statesOf(run.id).at(-1) === 'completed');
  const seen = live
    .of('run')
    .flatMap(({ items }) => items)
    .filter(({ id }) => id === run.id);
  expect(live.statesOf(run.id)).toEqual(expect.arrayContaining(['running', 'completed']));
  expect(seen.map(({ seq }) => seq)).toEqual(seen.map(({ seq }) => seq).toSorted((a, b) => a - b));
  expect(seen.some((item) => 'attempts' in item)).toBe(true);
  expect(seen.some((item) => !('attempts' in item))).toBe(true);

  const log = await das.log(run.id);
  await live.until('log', (pieces) => pieces.at(-1)?.nextOffset === Buffer.byteLength(log));
  const pieces = live.of('log');
  for (const { offset, nextOffset, text } of pieces) {
    expect(Buffer.from(log).subarray(offset, nextOffset).toString()).toBe(text);
  }
  expect(
    pieces
      .filter(({ stream }) => stream === 'stdout')
      .map(({ text }) => text)
      .join(''),
  ).toContain('hello 0\nhello 1\nhello 2\n');

  await live.unsubscribe('runs');
  await live.unsubscribe(`run:${run.id}`);
  const before = live.events.length;
  await das.runToEnd({ script: hello });
  await sleep(300);
  expect(live.events.length).toBe(before);
});

test('who watches one run hears of no other; who watches a launch hears of its runs', async () => {
  const [one, many] = await Promise.all([das.live(), das.live()]);
  const launch = (await das.call('createLaunch', { body: { items: [{ script: hello }, { script: hello }] } })).body;
  const [first = '', second = ''] = launch.runs.map(({ id }) => id);
  await one.subscribe(`run:${first}`);
  await many.subscribe(`launch:${launch.id}`);
  await Promise.all([first, second].map((id) => das.waitFor(id)));
  await many.until('launch', (messages) =>
    messages.some(({ items }) => items.some(({ state }) => state === 'completed')),
  );
  await one.until('run', () => one.statesOf(first).at(-1) === 'completed');
  expect(
    one
      .of('run')
      .flatMap(({ items }) => items)
      .every(({ id }) => id === first),
  ).toBe(true);
  await many.until('run', () => [first, second].every((id) => many.statesOf(id).at(-1) === 'completed'));
});

test('every API process tells what happens through any of them', async () => {
  const second = await das.addApi();
  using live = await LiveClient.connect(second.url);
  await live.subscribe('runs');
  const run = await das.submit({ script: hello });
  await live.until('run', () => live.statesOf(run.id).includes('running'));
  await das.waitFor(run.id);
});

test('a client that cannot keep up is told to fetch again', async () => {
  const { hostname, port } = new URL(das.url);
  await using proxy = await startProxy({ host: hostname, port: Number(port) });
  using live = await LiveClient.connect(`http://127.0.0.1:${proxy.port}`);
  // A watched log is read at 1 MiB/s, so several are needed to get ahead of what the network takes on its own.
  const script = await das.putScript('flood.py', 'for i in range(60):\n    print("x" * 99999)\n');
  const launch = (await das.call('createLaunch', { body: { items: Array.from({ length: 8 }, () => ({ script })) } }))
    .body;
  const topics = launch.runs.map(({ id }) => `run:${id}`);
  for (const topic of topics) expect(await live.subscribe(topic)).toEqual({ ok: true });
  proxy.freeze();
  await Promise.all(launch.runs.map(({ id }) => das.waitFor(id)));
  await sleep(4000);
  proxy.resume();
  const [resync] = await live.until('resync', (messages) => messages.length > 0);
  expect(topics).toContain(resync?.topic);
});

describe('who may connect', () => {
  test.each([
    ['a foreign Origin', { Origin: 'https://evil.example' }],
    ['an Origin on another port', { Origin: 'http://127.0.0.1:1' }],
    ['a foreign Host', { Host: 'evil.example' }],
    ['no origin: a sandboxed page', { Origin: 'null' }],
  ])('%s: not', async (_, headers) => {
    await expect(LiveClient.connect(das.url, { headers })).rejects.toThrow();
  });

  test('the dashboard itself', async () => {
    using live = await LiveClient.connect(das.url, { headers: { Origin: new URL(das.url).origin } });
    expect(live.socket.connected).toBe(true);
  });

  test('no polling', async () => {
    expect((await das.api.raw('GET', '/socket.io/?EIO=4&transport=polling')).status).toBe(400);
  });

  test('where a token is set: with the token, or the cookie that stands for it', async () => {
    const token = 'secret-of-the-test';
    const api = await das.addApi({ API_TOKEN: token });
    await expect(LiveClient.connect(api.url)).rejects.toThrow('unauthenticated');
    await expect(LiveClient.connect(api.url, { token: 'wrong' })).rejects.toThrow('unauthenticated');
    using byToken = await LiveClient.connect(api.url, { token });
    expect(await byToken.subscribe('runs')).toEqual({ ok: true });
    const { headers } = await api.call('openSession', { body: { token } });
    const cookie = (headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    using byCookie = await LiveClient.connect(api.url, { headers: { Cookie: cookie } });
    expect(await byCookie.subscribe('runs')).toEqual({ ok: true });
  });
});
