import { join } from 'node:path';
import { startHdfs } from './hdfs.ts';
import { keepRunning, type Kept, type KeepOptions, type Started } from './keep-running.ts';
import { startMongo } from './mongo.ts';
import { choosePort } from './ports.ts';
import type { Runtime } from './prepare.ts';
import { startRedis } from './redis.ts';
import type { LaunchSettings } from './settings.ts';
import type { Steps } from './steps.ts';

/** Ports that people know, tried first. */
const PORTS = { redis: 6379, mongodb: 27017, hdfsHttp: 9870, hdfsRpc: 9000 };

export type Keeping = Pick<KeepOptions, 'log' | 'changed' | 'gaveUp'>;

export interface Service {
  kept: Kept;
  url: string;
}

export interface ServiceContext {
  settings: LaunchSettings;
  runtime: Runtime;
  steps: Steps;
  keeping: Keeping;
  signal: AbortSignal;
}

export async function launchRedis(context: ServiceContext): Promise<Service> {
  const { settings, runtime, steps } = context;
  const port = await choosePort('Redis', PORTS.redis, steps.say);
  const folders = foldersOf(settings, 'redis');
  return launch(context, 'Redis', (signal) =>
    startRedis({ server: required(runtime.redisServer), ...folders, port, signal }),
  );
}

export async function launchMongo(context: ServiceContext): Promise<Service> {
  const { settings, runtime, steps } = context;
  const port = await choosePort('MongoDB', PORTS.mongodb, steps.say);
  const folders = foldersOf(settings, 'mongodb');
  return launch(context, 'MongoDB', (signal) =>
    startMongo({ mongod: required(runtime.mongod), ...folders, port, signal }),
  );
}

export async function launchHdfs(context: ServiceContext): Promise<Service & { rpcUrl: string }> {
  const { settings, runtime, steps } = context;
  const port = await choosePort('HDFS', PORTS.hdfsHttp, steps.say);
  const rpcPort = await choosePort('hdfs://', PORTS.hdfsRpc, steps.say);
  const folders = foldersOf(settings, 'hdfs');
  const service = await launch(context, 'HDFS', (signal) =>
    startHdfs({
      java: required(runtime.java),
      jars: required(runtime.hadoopJars),
      ...folders,
      port,
      rpcPort,
      user: settings.hdfsUser,
      directories: [settings.scriptsDir],
      signal,
    }),
  );
  return { ...service, rpcUrl: `hdfs://127.0.0.1:${rpcPort}` };
}

async function launch(
  { steps, keeping, signal }: ServiceContext,
  name: string,
  start: (signal: AbortSignal) => Promise<Started & { url: string }>,
): Promise<Service> {
  let url = '';
  const startAndNote = async (stopping: AbortSignal) => {
    const started = await start(stopping);
    url = started.url;
    return started;
  };
  const place = () => `${name} on 127.0.0.1:${new URL(url.replace(/^\w+:/, 'http:')).port}`;
  const kept = await steps.run(name, () => keepRunning({ name, start: startAndNote, ...keeping }, signal), place);
  return { kept, url };
}

function foldersOf({ home }: LaunchSettings, name: string): { dir: string; logDir: string } {
  return { dir: join(home, name), logDir: join(home, 'logs') };
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('this part was not prepared');
  return value;
}
