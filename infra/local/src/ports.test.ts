import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { choosePort, freePort, isPortFree } from './ports.ts';

const servers: ReturnType<typeof createServer>[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function occupy(): Promise<number> {
  const port = await freePort();
  const server = createServer().listen(port, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return port;
}

test('a free port is taken as wanted, and nothing is said', async () => {
  const said: string[] = [];
  const port = await freePort();
  expect(await choosePort('Redis', port, (line) => said.push(line))).toBe(port);
  expect(said).toEqual([]);
});

test('a taken port is replaced by a free one, and that is said', async () => {
  const said: string[] = [];
  const taken = await occupy();
  const port = await choosePort('Redis', taken, (line) => said.push(line));
  expect(port).not.toBe(taken);
  expect(await isPortFree(port)).toBe(true);
  expect(said).toEqual([`! port ${taken} is taken: Redis uses ${port}`]);
});

test('free ports are all different, and none that the system gives to an outgoing connection', async () => {
  const ports = await Promise.all(Array.from({ length: 40 }, () => freePort()));
  expect(new Set(ports).size).toBe(40);
  for (const port of ports) expect(port).toBeLessThan(27_000);
});
