import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHdfs } from '@das/local/hdfs';
import type { EmbeddedHdfs } from '@das/local/hdfs';
import { prepare } from '@das/local/prepare';
import { repositoryRoot, runtimeDirOf } from '@das/local/settings';
import { silentSteps } from '@das/local/steps';

export type HdfsNode = 'namenode' | 'datanode';

/** A NameNode and a DataNode that a test may break; they come back on the same ports with the files they had. */
export interface OwnHdfs extends AsyncDisposable {
  url: string;
  rpcUrl: string;
  /** SIGSTOP: connections stay, nobody answers. */
  freeze: (node: HdfsNode) => void;
  thaw: (node: HdfsNode) => void;
  /** SIGKILL for both; resolves when they are dead. */
  kill: () => Promise<void>;
  /** After a kill; resolves when files can be written again. */
  restart: () => Promise<void>;
}

export async function startOwnHdfs(): Promise<OwnHdfs> {
  const runtimeDir = runtimeDirOf(repositoryRoot, process.env);
  const { java = '', hadoopJars: jars = [] } = await prepare({
    env: process.env,
    steps: silentSteps,
    runtimeDir,
    parts: ['hdfs'],
  });
  const dir = await mkdtemp(join(tmpdir(), 'das-hdfs-'));
  let running: EmbeddedHdfs | null = await startHdfs({ java, jars, dir });
  const { url, rpcUrl } = running;
  const signal = (node: HdfsNode, name: NodeJS.Signals) => {
    const pid = running?.processes.find((process) => process.name === node)?.pid;
    if (pid !== undefined) process.kill(pid, name);
  };
  const kill = async () => {
    const stopping = running;
    running = null;
    for (const { pid } of stopping?.processes ?? []) process.kill(pid, 'SIGKILL');
    await stopping?.stop(0);
  };
  return {
    url,
    rpcUrl,
    freeze: (node) => signal(node, 'SIGSTOP'),
    thaw: (node) => signal(node, 'SIGCONT'),
    kill,
    restart: async () => {
      const ports = { port: Number(new URL(url).port), rpcPort: Number(new URL(rpcUrl).port) };
      running ??= await startHdfs({ java, jars, dir, ...ports });
    },
    [Symbol.asyncDispose]: async () => {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
