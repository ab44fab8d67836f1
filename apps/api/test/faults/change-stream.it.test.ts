import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { changeStreams } from '@das/testkit/change-streams';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';
import { LiveClient } from '@das/testkit/live';
import { startProxy } from '@das/testkit/proxy';
import { startBreakableMongo } from '@das/testkit/breakable-mongo';
import type { BreakableMongo } from '@das/testkit/breakable-mongo';
import { OpenPage } from './open-page.ts';

/** Guarantee 16, the API's side: whatever breaks the change stream, who watches is told to fetch again and then shows the truth. */
let mongo: BreakableMongo;
let das: Das;
let page: OpenPage;
let live: LiveClient;
let script: string;
beforeAll(async () => {
  mongo = await startBreakableMongo();
  das = await startDas({ stub: true, stack: { mongodbUri: mongo.url } });
  script = await das.putScript('quick.py', 'print(1)\n');
  live = await das.live();
  page = await OpenPage.open(das.api, live);
});
afterEach(() => mongo.heal());
afterAll(() => das[Symbol.asyncDispose]().finally(() => mongo[Symbol.asyncDispose]()));

const FEED = 'das-api-feed';
const resyncs = () => live.of('resync').length;

test('its cursor is killed: it goes on where it was, nobody has to fetch again', async () => {
  await das.runToEnd({ script });
  const before = resyncs();
  const cursors = await eventually('the feed’s cursor', () => changeStreams(das.db.db), (found) => found.length > 0); // prettier-ignore
  await das.db.db.command({ killCursors: '$cmd.aggregate', cursors });
  const run = await das.runToEnd({ script });
  await live.until('run', () => live.statesOf(run.id).at(-1) === 'completed');
  await page.converges();
  expect(resyncs()).toBe(before);
});

test('history lost (what it would go on from has left the oplog): resync, after which nothing is missed', async () => {
  const before = resyncs();
  await mongo.fail({ commands: ['getMore', 'aggregate'], appName: FEED, errorCode: 286 });
  await das.runToEnd({ script }); // nobody is told of it
  await mongo.heal();
  const during = await das.submit({ script }); // as soon as possible: between the loss and the new beginning
  await eventually('resync', resyncs, (count) => count > before);
  await das.waitFor(during.id);
  await page.converges();
});

describe('events come, but what changed cannot be read', () => {
  test('it is read when it can be', async () => {
    const run = await das.runToEnd({ script });
    await page.converges();
    await mongo.fail({ commands: ['find', 'aggregate'], appName: 'das-api', errorCode: 11_600 });
    await das.db.runs.updateOne({ _id: run.id }, { $inc: { seq: 1 } });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await mongo.heal();
    await page.converges();
  });
});

test('connections are cut, and delayed: the page connects again and is right', async () => {
  const { hostname, port } = new URL(das.url);
  await using proxy = await startProxy({ host: hostname, port: Number(port) });
  using far = await LiveClient.connect(`http://127.0.0.1:${proxy.port}`);
  const distant = await OpenPage.open(das.api, far);
  for (const trouble of ['cut', 'freeze'] as const) {
    proxy[trouble]();
    await das.runToEnd({ script });
    proxy.resume();
    await distant.converges();
  }
  proxy.delay(700);
  await das.runToEnd({ script });
  await distant.converges();
});

test('the API is started anew: the page connects again and is right', async () => {
  const port = new URL(das.url).port;
  await das.apis[0]?.stop();
  const run = await das.db.runs.findOneAndUpdate({}, { $inc: { seq: 1 } }); // while no API is there
  expect(run).not.toBeNull();
  await das.addApi({ API_PORT: port });
  await page.converges();
  const next = await das.runToEnd({ script });
  await live.until('run', () => live.statesOf(next.id).at(-1) === 'completed');
  await page.converges();
});

test('who subscribes the moment an API is up misses nothing', async () => {
  for (let round = 0; round < 3; round += 1) {
    const api = await das.addApi({ API_PORT: '0' });
    using early = await LiveClient.connect(api.url);
    const at = await OpenPage.open(api, early);
    await das.db.runs.findOneAndUpdate({}, { $inc: { seq: 1 } });
    await at.converges();
    await das.apis.at(-1)?.stop();
  }
});

describe('nobody watches', () => {
  test('who comes while MongoDB does not answer is told to fetch again once it does', async () => {
    const api = await das.addApi({ API_PORT: '0' });
    await mongo.fail({ commands: ['find'], appName: FEED, errorCode: 11_600 });
    using first = await LiveClient.connect(api.url);
    const early = await OpenPage.open(api, first);
    await das.runToEnd({ script }); // nobody is told of it
    await mongo.heal();
    await early.converges();
    expect(first.of('resync').length).toBe(1);
    await das.apis.at(-1)?.stop();
  });
});

describe('invalidated', () => {
  test('a collection is dropped: resync, and the page is empty', async () => {
    const before = resyncs();
    await das.db.runs.drop();
    await eventually('resync', resyncs, (count) => count > before);
    await page.converges();
    const run = await das.runToEnd({ script });
    await live.until('run', () => live.statesOf(run.id).at(-1) === 'completed');
    await page.converges();
  });

  test('the database is dropped: resync, and live again', async () => {
    const before = resyncs();
    await das.db.db.dropDatabase();
    await eventually('resync', resyncs, (count) => count > before);
    await page.converges();
    // A run that falls into the new beginning is told by its `resync`; one that comes later is told by itself.
    const stateTold = async () => {
      const { id } = await das.runToEnd({ script });
      await page.converges();
      return live.statesOf(id).at(-1);
    };
    await eventually('a run is told live', stateTold, (state) => state === 'completed', { withinMs: 60_000 });
  });
});
