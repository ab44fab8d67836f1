import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** What a PySpark script costs before it has done anything: a session, one count, the end. */
export const COLD_SCRIPT = `from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
print(spark.range(1000).count())
spark.stop()
`;

const TICKS_PER_S = 100; // USER_HZ, the same on every Linux

/** CPU seconds of a process so far: its own, and with `children` those of all that it has waited for. */
export async function cpuSeconds(pid: number | 'self', { own = true, children = false } = {}): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [utime = 0, stime = 0, childrenU = 0, childrenS = 0] = fields.slice(11, 15);
  return ((own ? utime + stime : 0) + (children ? childrenU + childrenS : 0)) / TICKS_PER_S;
}

/** The children of a process's main thread that live now: what a worker keeps. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

/** Executes a command and its descendants; milliseconds, and CPU seconds of the children of this process meanwhile. */
export async function execute(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<{ ms: number; cpuS: number }> {
  const [command = '', ...args] = argv;
  const before = await cpuSeconds('self', { own: false, children: true });
  const began = performance.now();
  await new Promise<void>((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: 'ignore' });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${command}: exit ${code}`))));
  });
  const ms = performance.now() - began;
  return { ms, cpuS: (await cpuSeconds('self', { own: false, children: true })) - before };
}
