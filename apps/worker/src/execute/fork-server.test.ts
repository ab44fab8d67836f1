import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { childrenOf, parentOf } from '@das/testkit/processes';
import { dir, lives, order, python, until } from '../../test/supervised.ts';
import { ForkServer } from './fork-server.ts';
import type { Supervisor } from './supervisor.ts';

let server: ForkServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server[Symbol.asyncDispose]());

async function startServer(): Promise<ForkServer> {
  const directory = await mkdtemp(join(dir, 'fork-'));
  return ForkServer.start({ python, directory, log: (line) => console.error(line) });
}

/** What it says once it is told to run `argv`. */
async function run(supervisor: Supervisor, argv: string[]): Promise<string> {
  const said = text(supervisor.stdout);
  await supervisor.start(order(argv));
  return said;
}

/** The supervisor that waits for the next attempt. */
async function spareOf(forkServer: number, besides: number[] = []): Promise<number> {
  const waiting = async () => (await childrenOf(forkServer)).filter((pid) => !besides.includes(pid));
  await until(async () => (await waiting()).length === 1, 'one waits');
  const [spare] = await waiting();
  await until(async () => (await childrenOf(spare!)).length === 1, 'its main child waits');
  return spare!;
}

it('serves many at once', async () => {
  const all = await Promise.all(Array.from({ length: 16 }, () => server.launch()));
  expect(new Set(all.map(({ pid }) => pid)).size).toBe(16);
  const said = all.map((supervisor, index) => run(supervisor, ['echo', String(index)]));
  expect(await Promise.all(said)).toEqual(all.map((_, index) => `${index}\n`));
});

it('has one ready, with what becomes the main child, and the next one once it is taken and started', async () => {
  const first = await server.launch();
  const forkServer = await parentOf(first.pid);
  await run(first, ['true']);
  const spare = await spareOf(forkServer, [first.pid]);
  const [waiting] = await childrenOf(spare);
  const second = await server.launch();
  expect(second.pid).toBe(spare);
  expect(await second.start(order(['sleep', '60']))).toBe(waiting);
  expect(await spareOf(forkServer, [spare])).not.toBe(spare);
  await second[Symbol.asyncDispose]();
});

it('forks one more to show that it can; it is the spare one only where there is none', async () => {
  const first = await server.launch();
  const forkServer = await parentOf(first.pid);
  await server.forkOneMore();
  const spare = await spareOf(forkServer, [first.pid]);
  await server.forkOneMore();
  await until(async () => (await childrenOf(forkServer)).length === 2, 'the other one is gone');
  expect((await server.launch()).pid).toBe(spare);
});

it('gives none that died while it waited', async () => {
  const first = await server.launch();
  const forkServer = await parentOf(first.pid);
  await run(first, ['true']);
  const spare = await spareOf(forkServer, [first.pid]);
  process.kill(spare, 'SIGKILL');
  await until(() => !existsSync(`/proc/${spare}`), 'it is gone');
  await sleep(1000); // the ends of its connections have been read
  expect(await run(await server.launch(), ['echo', 'another'])).toBe('another\n');
});

it('a main child that is killed while it waits is forked again', async () => {
  const supervisor = await server.launch();
  await supervisor.ready;
  const [waiting] = await childrenOf(supervisor.pid);
  process.kill(waiting!, 'SIGKILL');
  await until(() => !lives(waiting!), 'it is gone');
  expect(await run(supervisor, ['echo', 'again'])).toBe('again\n');
  expect(await supervisor.ended).toMatchObject({ code: 0, by: 'none' });
});

it('may be killed: what it forked goes on, and the next one takes its place', async () => {
  const first = await server.launch();
  const said = run(first, ['sh', '-c', 'sleep 1; echo survived; exit 3']);
  await first.spawned;
  process.kill(await parentOf(first.pid), 'SIGKILL');
  expect(await run(await server.launch(), ['echo', 'next'])).toBe('next\n');
  expect(await first.ended).toMatchObject({ code: 3, by: 'none' });
  expect(await said).toBe('survived\n');
});

it('ends with its worker, and leaves neither zombie nor main child', async () => {
  const gone = await server.launch();
  await gone.ready;
  const [waiting] = await childrenOf(gone.pid);
  await gone[Symbol.asyncDispose]();
  await until(() => !existsSync(`/proc/${gone.pid}`) && !existsSync(`/proc/${waiting!}`), 'both are gone');

  const directory = await mkdtemp(join(dir, 'x'.repeat(90))); // longer than a socket's address
  await using own = await ForkServer.start({ python, directory, log: () => undefined });
  const other = await own.launch();
  const forkServer = await parentOf(other.pid);
  await own[Symbol.asyncDispose]();
  expect(lives(forkServer)).toBe(false);
  await other.start(order(['true']));
  expect(await other.ended).toMatchObject({ code: 0 });
});
