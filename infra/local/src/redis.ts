import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { keptPassword } from './password.ts';
import { freePort } from './ports.ts';
import { spawnService, untilReady, type ServiceProcess } from './service-process.ts';

export interface EmbeddedRedis {
  /** `redis://:password@127.0.0.1:port` */
  url: string;
  pid: number;
  processes: ServiceProcess[];
  stop(graceMs?: number): Promise<void>;
}

export interface RedisOptions {
  /** The executable; `Runtime.redisServer`. */
  server: string;
  /** Holds its data, configuration and password (0700). The same folder again = the same data. */
  dir: string;
  /** Default: `dir`. */
  logDir?: string | undefined;
  /** Default: a free one. */
  port?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** A Redis on loopback with a password, appending to disk each second and never evicting (BullMQ's need); ready when it answers. */
export async function startRedis({ server, dir, logDir = dir, port, signal }: RedisOptions): Promise<EmbeddedRedis> {
  const data = join(dir, 'data');
  await mkdir(data, { recursive: true, mode: 0o700 });
  const password = await keptPassword(join(dir, 'password'));
  const listenOn = port ?? (await freePort());
  const config = join(dir, 'redis.conf');
  await writeFile(config, redisConfig({ port: listenOn, data, password }), { mode: 0o600 });

  const log = join(logDir, 'redis.log');
  const service = await spawnService({
    name: 'redis',
    dir,
    command: server,
    args: [config],
    env: process.env,
    output: { file: log },
    deathSignal: 'TERM',
  });
  const url = `redis://:${password}@127.0.0.1:${listenOn}`;
  try {
    await untilReady(service, () => answers(url), { deadlineMs: 20_000, log, signal });
  } catch (error) {
    await service.stop(0);
    throw error;
  }
  return { url, pid: service.pid, processes: [service], stop: (graceMs) => service.stop(graceMs) };
}

export function redisConfig({ port, data, password }: { port: number; data: string; password: string }): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir ${JSON.stringify(data)}`,
    `requirepass ${password}`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
    'daemonize no',
    'logfile ""',
    '',
  ].join('\n');
}

async function answers(url: string): Promise<boolean> {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: 1_000,
    commandTimeout: 1_000,
  });
  client.on('error', () => undefined); // told by the command that failed
  try {
    await client.connect();
    return (await client.ping()) === 'PONG';
  } finally {
    client.disconnect();
  }
}
