import { join } from 'node:path';
import { keepRunning, type Kept } from './keep-running.ts';
import { API_FLAGS, nodeEnvironment, WORKER_FLAGS } from './node-process.ts';
import { choosePort } from './ports.ts';
import { spawnService, untilReady, type ServiceProcess } from './service-process.ts';
import type { ServiceContext } from './services.ts';

/** The API: ready when /healthz answers. */
export async function launchApi(
  { settings, steps, keeping, signal }: ServiceContext,
  env: NodeJS.ProcessEnv,
): Promise<{ kept: Kept; url: string }> {
  const { host } = settings.api;
  const port = await choosePort('the dashboard', settings.api.port, steps.say, host);
  const url = `http://${reachable(host)}:${port}`;
  const start = async (stopping: AbortSignal) => {
    const api = await spawnApp('api', 'apps/api/dist/main.cjs', { ...env, API_PORT: String(port) });
    try {
      await untilReady(api, () => answers(url, stopping), { deadlineMs: 60_000, signal: stopping });
    } catch (error) {
      await api.stop();
      throw error;
    }
    return { processes: [api], stop: (graceMs?: number) => api.stop(graceMs) };
  };
  const kept = await steps.run('API', () => keepRunning({ name: 'api', start, ...keeping }, signal));
  return { kept, url };

  async function spawnApp(name: string, main: string, appEnv: NodeJS.ProcessEnv): Promise<ServiceProcess> {
    return spawnNode({ settings, keeping }, name, [...API_FLAGS, main], appEnv);
  }
}

/** Worker number `n`; it has a folder of its own, the same at each start, so that it can sweep what its last life left. */
export async function launchWorker(
  { settings, keeping, signal }: ServiceContext,
  env: NodeJS.ProcessEnv,
  n: number,
): Promise<Kept> {
  const name = `worker-${n}`;
  const root = env['WORKER_DIR'] || join(settings.home, 'worker');
  const workerEnv = {
    ...env,
    WORKER_DIR: join(root, String(n)),
    // One for all of them: it takes half a minute to fill.
    SPARK_QUICK_START_DIR: env['SPARK_QUICK_START_DIR'] || join(root, 'spark-start'),
  };
  const start = async () => {
    const worker = await spawnNode(
      { settings, keeping },
      name,
      [...WORKER_FLAGS, 'apps/worker/dist/main.cjs'],
      workerEnv,
    );
    return { processes: [worker], stop: (graceMs = settings.workerStopMs) => worker.stop(graceMs) };
  };
  return keepRunning({ name, start, ...keeping }, signal);
}

async function spawnNode(
  { settings, keeping }: Pick<ServiceContext, 'settings' | 'keeping'>,
  name: string,
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<ServiceProcess> {
  const child = await spawnService({
    name,
    dir: join(settings.home, 'apps'),
    command: process.execPath,
    args,
    env: { ...env, ...nodeEnvironment(join(settings.home, 'apps')) },
    cwd: settings.root,
    output: 'pipe',
    // Nobody is left to wait for its last words; what a worker runs dies with it (its supervisors see to that).
    deathSignal: 'KILL',
  });
  keeping.log.follow(child.stdout);
  keeping.log.follow(child.stderr);
  return child;
}

async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  const response = await fetch(`${url}/healthz`, { signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]) });
  return response.ok;
}

/** Where this machine reaches a server that listens on `host`. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
