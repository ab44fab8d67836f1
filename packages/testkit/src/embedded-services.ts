import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHdfs } from '@das/local/hdfs';
import { startMongo } from '@das/local/mongo';
import type { Runtime } from '@das/local/prepare';
import { identify, isAlive } from '@das/local/process-identity';
import { startRedis } from '@das/local/redis';
import type { ServiceProcess } from '@das/local/service-process';
import type { Service, Started } from './service.ts';

type Embedded = { processes: ServiceProcess[]; stop: (graceMs?: number) => Promise<void> };

/** Real daemons on free ports of loopback, with all they write in a temporary folder; one that fails takes the others along. */
export async function startEmbedded(missing: readonly Service[], runtime: Runtime): Promise<Started> {
  const home = await mkdtemp(join(tmpdir(), 'das-test-stack-'));
  const starting = missing.map((service) => start(service, join(home, service), runtime));
  const outcomes = await Promise.allSettled(starting);
  const running = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const close = () => stopAll(running, home);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) {
    await close();
    throw failed.reason;
  }
  return { addresses: Object.assign({}, ...running.map(({ addresses }) => addresses)) as Started['addresses'], close };
}

type Running = Embedded & Pick<Started, 'addresses'>;

async function start(service: Service, dir: string, runtime: Runtime): Promise<Running> {
  switch (service) {
    case 'mongodb': {
      const mongo = await startMongo({ mongod: runtime.mongod as string, dir });
      return { ...mongo, addresses: { mongodbUri: mongo.url } };
    }
    case 'redis': {
      const redis = await startRedis({ server: runtime.redisServer as string, dir });
      return { ...redis, addresses: { redisUrl: redis.url } };
    }
    case 'hdfs': {
      const hdfs = await startHdfs({ java: runtime.java as string, jars: runtime.hadoopJars as string[], dir });
      return { ...hdfs, addresses: { hdfsUrl: hdfs.url, hdfsRpcUrl: hdfs.rpcUrl } };
    }
    default:
      return service satisfies never;
  }
}

async function stopAll(running: readonly Running[], home: string): Promise<void> {
  const processes = running.flatMap((service) => service.processes);
  const identities = await Promise.all(processes.map(({ pid }) => identify(pid)));
  // What they wrote is thrown away: no need to let them end in their own time.
  await Promise.all(running.map((service) => service.stop(2000)));
  const alive = await Promise.all(identities.map(async (identity) => identity !== undefined && isAlive(identity)));
  const left = processes.filter((_, i) => alive[i]).map(({ name, pid }) => `${name} (${pid})`);
  await rm(home, { recursive: true, force: true });
  if (left.length > 0) throw new Error(`still running after the tests: ${left.join(', ')}`);
}
