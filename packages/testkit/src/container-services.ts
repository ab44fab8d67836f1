import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@das/local/ports';
import { repositoryRoot } from '@das/local/settings';
import { untilReady } from '@das/local/service-process';
import { makeDirectory, removeHdfsFile, setOwner, setPermission, writeHdfsFile } from '@das/local/webhdfs-write';
import { MongoClient } from 'mongodb';
import type { GenericContainer, StartedTestContainer } from 'testcontainers';
import type { Service, Started } from './service.ts';

/** Loaded only where Docker may be used: it is large. */
const testcontainers = () => import('testcontainers');

/** Whether a Docker engine answers here (DOCKER_HOST, or the usual sockets). */
export async function dockerAnswers(): Promise<boolean> {
  try {
    const { getContainerRuntimeClient } = await testcontainers();
    await getContainerRuntimeClient();
    return true;
  } catch {
    return false; // it says so where there is none
  }
}

/** The services in containers, of the images that docker-compose.yml names; one that fails takes the others along. */
export async function startContainers(missing: readonly Service[]): Promise<Started> {
  const compose = await readFile(join(repositoryRoot, 'docker-compose.yml'), 'utf8');
  const releases: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const release of releases.splice(0).reverse()) await release();
  };
  const outcomes = await Promise.allSettled(missing.map((service) => START[service](compose, releases)));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) {
    await close();
    throw failed.reason;
  }
  const addresses = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  return { addresses: Object.assign({}, ...addresses) as Started['addresses'], close };
}

/** Takes releases, in the order of what was acquired. */
type Releases = (() => Promise<unknown>)[];
type Start = (compose: string, releases: Releases) => Promise<Started['addresses']>;

const START: Record<Service, Start> = { mongodb: startMongo, redis: startRedis, hdfs: startHdfs };

/** `image:` of a service in docker-compose.yml. */
function imageOf(compose: string, service: string): string {
  const [, image] = new RegExp(`^  ${service}:.*\n(?:    .*\n)*?    image: (?:&\\S+ )?(\\S+)`, 'm').exec(compose) ?? [];
  if (image === undefined) throw new Error(`docker-compose.yml names no image for ${service}`);
  return image;
}

async function running(container: GenericContainer, releases: Releases): Promise<StartedTestContainer> {
  const started = await container.withStartupTimeout(120_000).start();
  releases.push(() => started.stop({ timeout: 1000, remove: true, removeVolumes: true }));
  return started;
}

async function startRedis(compose: string, releases: Releases): Promise<Started['addresses']> {
  const { GenericContainer, Wait } = await testcontainers();
  const redis = new GenericContainer(imageOf(compose, 'redis'))
    .withCommand(['redis-server', '--save', '', '--maxmemory-policy', 'noeviction'])
    .withExposedPorts(6379)
    .withWaitStrategy(Wait.forListeningPorts());
  const started = await running(redis, releases);
  return { redisUrl: `redis://${started.getHost()}:${started.getMappedPort(6379)}` };
}

/** A replica set of one node. Its member is known by an address inside the container only, so it is connected to directly. */
async function startMongo(compose: string, releases: Releases): Promise<Started['addresses']> {
  const { GenericContainer, Wait } = await testcontainers();
  const mongo = new GenericContainer(imageOf(compose, 'mongodb'))
    .withCommand(['mongod', '--replSet', 'rs0', '--bind_ip_all', '--wiredTigerCacheSizeGB', '0.5'])
    .withExposedPorts(27_017)
    .withWaitStrategy(Wait.forListeningPorts());
  const started = await running(mongo, releases);
  const uri = `mongodb://${started.getHost()}:${started.getMappedPort(27_017)}/?directConnection=true`;
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 5000 });
  try {
    const admin = client.db('admin');
    await admin.command({ replSetInitiate: { _id: 'rs0', members: [{ _id: 0, host: '127.0.0.1:27017' }] } });
    const isPrimary = async () => (await admin.command({ hello: 1 }))['isWritablePrimary'] === true;
    await untilReady(endless('mongodb'), isPrimary, { deadlineMs: 60_000 });
  } finally {
    await client.close();
  }
  return { mongodbUri: uri };
}

const HDFS_DIRECTORY = 'infra/docker/hdfs';
const HDFS_SUPERUSER = 'hadoop';
const HDFS_SITE = '/opt/hadoop/etc/hadoop/hdfs-site.xml';

/**
 * A NameNode and a DataNode. WebHDFS sends its callers to the DataNode's name and port, so that has to be one that this machine
 * reaches: localhost, and the same port inside and outside.
 */
async function startHdfs(compose: string, releases: Releases): Promise<Started['addresses']> {
  const { GenericContainer, Network, Wait } = await testcontainers();
  // A tag of its own: what compose runs stays what it is.
  const image = imageOf(compose, 'namenode').replace(/:.*/, ':test');
  await GenericContainer.fromDockerfile(join(repositoryRoot, HDFS_DIRECTORY)).build(image, { deleteOnExit: false });
  const network = await new Network().start();
  releases.push(() => network.stop());
  const namenode = await running(
    new GenericContainer(image)
      .withCommand(['namenode'])
      .withNetwork(network)
      .withNetworkAliases('namenode')
      .withExposedPorts(9870, 8020)
      .withWaitStrategy(Wait.forSuccessfulCommand('das-hdfs-node check namenode')),
    releases,
  );
  const ports = { http: await freePort(), data: await freePort() };
  const site = await readFile(join(repositoryRoot, HDFS_DIRECTORY, 'hdfs-site.xml'), 'utf8');
  await running(
    new GenericContainer(image)
      .withCommand(['datanode'])
      .withNetwork(network)
      .withCopyContentToContainer([{ content: reachableSite(site, ports), target: HDFS_SITE, mode: 0o644 }])
      .withExposedPorts({ container: ports.http, host: ports.http }, { container: ports.data, host: ports.data })
      .withWaitStrategy(Wait.forListeningPorts()),
    releases,
  );
  const url = `http://${namenode.getHost()}:${namenode.getMappedPort(9870)}`;
  await untilReady(endless('hdfs'), () => opened(url), { deadlineMs: 60_000 });
  return { hdfsUrl: url, hdfsRpcUrl: `hdfs://${namenode.getHost()}:${namenode.getMappedPort(8020)}` };
}

/** The DataNode's configuration with addresses that callers outside reach. */
export function reachableSite(site: string, ports: { http: number; data: number }): string {
  const property = (name: string, value: string) =>
    `  <property><name>${name}</name><value>${value}</value></property>\n`;
  const added =
    property('dfs.datanode.hostname', 'localhost') +
    property('dfs.datanode.http.address', `0.0.0.0:${ports.http}`) +
    property('dfs.datanode.address', `0.0.0.0:${ports.data}`);
  const without = site.replace(/ *<property><name>dfs\.datanode\.hostname<\/name>.*\n/, '');
  return without.replace('</configuration>', `${added}</configuration>`);
}

/** One step of getting ready: whoever runs the tests may write, and a first write has succeeded. */
async function opened(url: string): Promise<boolean> {
  const superuser = { url, user: HDFS_SUPERUSER };
  const user = process.env['HDFS_USER'] || userInfo().username;
  await setPermission(superuser, '/', '777');
  await makeDirectory(superuser, '/tmp', '1777');
  await setPermission(superuser, '/tmp', '1777');
  await makeDirectory(superuser, `/user/${user}`);
  await setOwner(superuser, `/user/${user}`, user);
  await writeHdfsFile({ url, user }, '/tmp/.das-ready', new TextEncoder().encode('ready\n'));
  await removeHdfsFile({ url, user }, '/tmp/.das-ready');
  return true;
}

/** testcontainers tells if a container ends; here only the deadline counts. */
const endless = (name: string) => ({ name, exited: new Promise<never>(() => undefined) });
