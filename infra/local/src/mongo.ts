import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MongoClient, MongoServerError, type Document } from 'mongodb';
import { keptPassword } from './password.ts';
import { freePort } from './ports.ts';
import { spawnService, untilReady, type ServiceProcess } from './service-process.ts';

const REPLICA_SET = 'rs0';
const USER = 'das';

export interface EmbeddedMongo {
  /** `mongodb://das:password@127.0.0.1:port/?replicaSet=rs0&authSource=admin` */
  url: string;
  pid: number;
  processes: ServiceProcess[];
  stop(graceMs?: number): Promise<void>;
}

export interface MongoOptions {
  /** The executable; `Runtime.mongod`. */
  mongod: string;
  /** Holds its data, key file and password (0700). The same folder again = the same data, also on another port. */
  dir: string;
  /** Default: `dir`. */
  logDir?: string | undefined;
  /** Default: a free one. */
  port?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** A replica set of one node on loopback, with authorization; ready when it is primary and its user can write. */
export async function startMongo({ mongod, dir, logDir = dir, port, signal }: MongoOptions): Promise<EmbeddedMongo> {
  const data = join(dir, 'data');
  await mkdir(data, { recursive: true, mode: 0o700 });
  const keyFile = join(dir, 'keyfile');
  await keptPassword(keyFile);
  const password = await keptPassword(join(dir, 'password'));
  const host = `127.0.0.1:${port ?? (await freePort())}`;
  const config = join(dir, 'mongod.json');
  await writeFile(config, mongodConfig({ host, data, keyFile }), { mode: 0o600 });

  const log = join(logDir, 'mongodb.log');
  const service = await spawnService({
    name: 'mongodb',
    dir,
    command: mongod,
    args: ['--config', config],
    env: process.env,
    output: { file: log },
    deathSignal: 'TERM',
  });
  try {
    await untilReady(service, () => becomesPrimary(host, password), { deadlineMs: 60_000, log, signal });
  } catch (error) {
    await service.stop(0);
    throw error;
  }
  const url = `mongodb://${USER}:${password}@${host}/?replicaSet=${REPLICA_SET}&authSource=admin`;
  return { url, pid: service.pid, processes: [service], stop: (graceMs) => service.stop(graceMs) };
}

/** mongod reads YAML, of which JSON is a part. */
export function mongodConfig({ host, data, keyFile }: { host: string; data: string; keyFile: string }): string {
  return JSON.stringify({
    net: { bindIp: '127.0.0.1', port: Number(host.split(':')[1]), unixDomainSocket: { enabled: false } },
    storage: { dbPath: data, wiredTiger: { engineConfig: { cacheSizeGB: 0.5 } } },
    replication: { replSetName: REPLICA_SET, oplogSizeMB: 990 },
    security: { keyFile, authorization: 'enabled' },
  });
}

/**
 * One step towards a primary that knows our user; true when there. Asked again and again, so a start that was interrupted anywhere
 * goes on where it stood: without the user (localhost exception), with a set of an earlier port, with nothing at all.
 */
async function becomesPrimary(host: string, password: string): Promise<boolean> {
  const known = await withClient(host, { username: USER, password }, async (admin) => {
    const hello = await admin({ hello: 1 });
    if (hello['isWritablePrimary'] === true && hello['me'] === host) return true;
    await moveTo(host, admin);
    return false;
  }).catch((error: unknown) => {
    if (error instanceof MongoServerError && error.code === 18 /* AuthenticationFailed: no such user yet */)
      return undefined;
    throw error;
  });
  if (known !== undefined) return known;
  return withClient(host, undefined, async (admin) => {
    if ((await admin({ hello: 1 }))['isWritablePrimary'] === true)
      await admin({ createUser: USER, pwd: password, roles: ['root'] });
    else await initiate(host, admin);
    return false;
  });
}

type Admin = (command: Document) => Promise<Document>;

async function withClient<T>(
  host: string,
  auth: { username: string; password: string } | undefined,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const client = new MongoClient(`mongodb://${host}/`, {
    directConnection: true,
    serverSelectionTimeoutMS: 1_000,
    authSource: 'admin',
    ...(auth ? { auth } : {}),
  });
  try {
    return await work((command) => client.db('admin').command(command));
  } finally {
    await client.close();
  }
}

async function initiate(host: string, admin: Admin): Promise<void> {
  try {
    await admin({ replSetInitiate: { _id: REPLICA_SET, members: [{ _id: 0, host }] } });
  } catch (error) {
    if (!(error instanceof MongoServerError && error.code === 23) /* AlreadyInitialized: it is being elected */)
      throw error;
  }
}

/** The set remembers the port of its last start; on another one it finds itself nowhere in its configuration. */
async function moveTo(host: string, admin: Admin): Promise<void> {
  const config = (await admin({ replSetGetConfig: 1 }))['config'] as { version: number; members: { host: string }[] };
  if (config.members[0]?.host === host) return; // only waiting for its election
  const members = config.members.map((member) => ({ ...member, host }));
  await admin({ replSetReconfig: { ...config, members, version: config.version + 1 }, force: true });
}
