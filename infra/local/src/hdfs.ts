import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hadoopSites } from './hadoop-config.ts';
import { freePort } from './ports.ts';
import { spawnService, untilReady, type ServiceProcess } from './service-process.ts';
import { makeDirectory, removeHdfsFile, setOwner, setPermission, writeHdfsFile } from './webhdfs-write.ts';

const PACKAGE = 'org.apache.hadoop.hdfs.server';
// Start-up time matters more than peak speed for a cluster of one: no optimising compiler, one collector thread.
const JVM_FLAGS = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djava.net.preferIPv4Stack=true'];

export interface EmbeddedHdfs {
  /** WebHDFS: `http://127.0.0.1:9870` */
  url: string;
  /** `hdfs://127.0.0.1:9000` */
  rpcUrl: string;
  /** The NameNode's. */
  pid: number;
  processes: ServiceProcess[];
  stop(graceMs?: number): Promise<void>;
}

export interface HdfsOptions {
  /** The executable; `Runtime.java`. */
  java: string;
  /** `Runtime.hadoopJars`: class path entries. */
  jars: string[];
  /** Holds its data and configuration (0700). The same folder again = the same files. */
  dir: string;
  /** Default: `dir`. */
  logDir?: string | undefined;
  /** WebHDFS. Default: a free one. */
  port?: number | undefined;
  /** hdfs://. Default: a free one. */
  rpcPort?: number | undefined;
  /** Who may write below `directories` and in /tmp. Default: the OS user, who is HDFS's superuser too. */
  user?: string | undefined;
  /** Made, if missing, and given to `user`. */
  directories?: string[] | undefined;
  signal?: AbortSignal | undefined;
}

/** A NameNode and a DataNode on loopback; ready when `user` has written a file over WebHDFS. */
export async function startHdfs(options: HdfsOptions): Promise<EmbeddedHdfs> {
  const { dir, java, logDir = dir, signal } = options;
  const ports = { http: options.port ?? (await freePort()), rpc: options.rpcPort ?? (await freePort()) };
  const conf = join(dir, 'conf');
  await writeSites(dir, conf, ports);
  const classPath = [conf, ...options.jars].join(':');
  await formatOnce({ dir, java, classPath, signal });

  const node = (name: string, mainClass: string) =>
    spawnService({
      name,
      dir,
      command: java,
      args: [...JVM_FLAGS, '-cp', classPath, `${PACKAGE}.${mainClass}`],
      env: hadoopEnv(),
      cwd: dir,
      output: { file: join(logDir, `${name}.log`) },
      deathSignal: 'TERM',
    });
  const url = `http://127.0.0.1:${ports.http}`;
  const processes: ServiceProcess[] = [];
  const stop = async (graceMs = 10_000) => {
    await Promise.all(processes.toReversed().map((service) => service.stop(graceMs)));
  };
  try {
    const namenode = await node('namenode', 'namenode.NameNode');
    processes.push(namenode);
    const datanode = await node('datanode', 'datanode.DataNode');
    processes.push(datanode);
    const either = {
      name: 'hdfs',
      exited: Promise.race(processes.map(({ exited }) => exited)),
    };
    await untilReady(either, () => writable(url, options), {
      deadlineMs: 90_000,
      log: join(logDir, 'namenode.log'),
      signal,
    });
    return { url, rpcUrl: `hdfs://127.0.0.1:${ports.rpc}`, pid: namenode.pid, processes, stop };
  } catch (error) {
    await stop(0);
    throw error;
  }
}

async function writeSites(dir: string, conf: string, ports: { http: number; rpc: number }): Promise<void> {
  const sites = hadoopSites(dir, ports);
  await mkdir(conf, { recursive: true, mode: 0o700 });
  await Promise.all([
    writeFile(join(conf, 'core-site.xml'), sites.coreSite),
    writeFile(join(conf, 'hdfs-site.xml'), sites.hdfsSite),
    writeFile(join(conf, 'log4j2.properties'), sites.log4j2),
  ]);
}

/** Settings of some other Hadoop on this machine must not leak in. */
function hadoopEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(HADOOP|HDFS)_|^CLASSPATH$/.test(name)));
}

/** Formats an empty NameNode. The stamp comes last: what an interrupted format left is thrown away. */
async function formatOnce({
  dir,
  java,
  classPath,
  signal,
}: {
  dir: string;
  java: string;
  classPath: string;
  signal: AbortSignal | undefined;
}): Promise<void> {
  const stamp = join(dir, 'formatted');
  if (existsSync(stamp)) return;
  await Promise.all(['name', 'data'].map((part) => rm(join(dir, part), { recursive: true, force: true })));
  await promisify(execFile)(
    java,
    [...JVM_FLAGS, '-cp', classPath, `${PACKAGE}.namenode.NameNode`, '-format', '-nonInteractive'],
    { cwd: dir, env: hadoopEnv(), signal },
  );
  await writeFile(stamp, '');
}

async function writable(url: string, { user = userInfo().username, directories = [] }: HdfsOptions): Promise<boolean> {
  const superuser = { url, user: userInfo().username };
  await makeDirectory(superuser, '/tmp', '1777');
  await setPermission(superuser, '/tmp', '1777'); // MKDIRS leaves the mode of what is there
  for (const directory of [`/user/${user}`, ...directories]) {
    await makeDirectory(superuser, directory);
    await setOwner(superuser, directory, user);
  }
  const probe = `/tmp/.das-ready-${process.pid}`;
  await writeHdfsFile({ url, user }, probe, new TextEncoder().encode('ready\n'));
  await removeHdfsFile({ url, user }, probe);
  return true;
}
