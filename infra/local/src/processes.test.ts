import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LockHeldError, takeLock, withLock } from './file-lock.ts';
import { keepRunning } from './keep-running.ts';
import { identify, isAlive } from './process-identity.ts';
import { finishLeftovers, spawnService, untilReady, type ServiceSpec } from './service-process.ts';

const STUBBORN = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")';
const WILLING = 'setInterval(() => {}, 1000); console.log("up")';

let dir: string;
const releases: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'das-processes-'));
});
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
  await rm(dir, { recursive: true });
});

const script = (code: string, more: Partial<ServiceSpec> = {}): ServiceSpec => ({
  name: 'service',
  dir: join(dir, 'service'),
  command: process.execPath,
  args: ['-e', code],
  env: process.env,
  output: { file: join(dir, 'service.log') },
  deathSignal: 'KILL',
  ...more,
});

async function start(code: string) {
  const service = await spawnService(script(code));
  releases.push(() => service.stop(0));
  return service;
}

const isUp = async () => (await readFile(join(dir, 'service.log'), 'utf8')).includes('up');

test('a service that ignores SIGTERM is killed after its grace', async () => {
  const service = await start(STUBBORN);
  await untilReady(service, isUp, { deadlineMs: 10_000 });
  await service.stop(100);
  expect(await service.exited).toEqual({ code: null, signal: 'SIGKILL' });
});

test('a service that ends at start is told with its last words', async () => {
  const service = await start('console.error("no licence"); process.exit(3)');
  const ready = untilReady(service, async () => false, { deadlineMs: 10_000, log: join(dir, 'service.log') });
  await expect(ready).rejects.toThrow(/service ended at start: exit code 3[^]*no licence/);
});

test('what a killed launcher left is found by its pid file, and ended', async () => {
  const left = spawn(process.execPath, ['-e', WILLING], { stdio: 'ignore' });
  const exited = once(left, 'exit');
  await start(WILLING).then((service) => service.stop(0)); // makes the folder
  const file = join(dir, 'service/service.pid.json');
  await writeFile(file, JSON.stringify(await identify(left.pid as number)));
  await finishLeftovers(dir);
  expect((await exited)[1]).toBe('SIGTERM');
  expect(existsSync(file)).toBe(false);
});

test('a pid that another process has got meanwhile is left alone', async () => {
  const other = await start(WILLING);
  await writeFile(join(dir, 'service/old.pid.json'), JSON.stringify({ pid: other.pid, startedAt: 'long ago' }));
  await rm(join(dir, 'service/service.pid.json'));
  await finishLeftovers(dir);
  expect(await identify(other.pid)).toBeDefined();
});

test.runIf(process.platform === 'linux')('services die with a launcher that is killed outright', async () => {
  const launcher = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { spawnService } = await import(${JSON.stringify(import.meta.resolve('./service-process.ts'))});
       const spec = JSON.parse(process.argv[1]);
       const service = await spawnService({ ...spec, env: process.env });
       console.log(service.pid);
       setInterval(() => {}, 1000);`,
      JSON.stringify({ ...script(STUBBORN), env: {} }),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [pid] = (await once(launcher.stdout, 'data')) as [Buffer];
  const service = await identify(Number(pid));
  expect(service).toBeDefined();
  launcher.kill('SIGKILL');
  await vi.waitFor(async () => expect(await isAlive(service!)).toBe(false), { timeout: 5_000 });
});

test('one that ends is started again; stopped, it stays so', async () => {
  const warnings: string[] = [];
  const log = {
    info: vi.fn(),
    warn: (line: string) => warnings.push(line),
    error: vi.fn(),
    follow: vi.fn(),
    close: vi.fn(),
  };
  const kept = await keepRunning(
    {
      name: 'worker-1',
      start: async () => {
        const service = await spawnService(script(WILLING, { name: 'worker-1' }));
        return { processes: [service], stop: (graceMs) => service.stop(graceMs) };
      },
      log,
      changed: () => undefined,
      gaveUp: () => undefined,
    },
    new AbortController().signal,
  );
  releases.push(() => kept.stop(0));
  const first = kept.processes()[0]?.pid as number;
  process.kill(first, 'SIGKILL');
  await vi.waitFor(() => expect(kept.processes()[0]?.pid).not.toBe(first), { timeout: 5_000 });
  expect(warnings).toEqual(['worker-1 ended (signal SIGKILL): starting it again in 1 s']);
  const second = await identify(kept.processes()[0]?.pid as number);
  await kept.stop();
  expect(await isAlive(second!)).toBe(false);
});

test('one that refuses its settings is not started again', async () => {
  const gaveUp = Promise.withResolvers<string>();
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn(), follow: vi.fn(), close: vi.fn() };
  const start = async () => {
    const service = await spawnService(script('process.exit(78)'));
    return { processes: [service], stop: (graceMs?: number) => service.stop(graceMs) };
  };
  const options = { name: 'api', start, log, changed: () => undefined, gaveUp: gaveUp.resolve };
  const kept = await keepRunning(options, new AbortController().signal);
  releases.push(() => kept.stop(0));
  expect(await gaveUp.promise).toBe('service');
});

test('a lock is held by one, and by no dead one', async () => {
  const file = join(dir, 'lock');
  const release = await takeLock(file);
  await expect(takeLock(file)).rejects.toThrow(LockHeldError);
  await release();
  await writeFile(file, JSON.stringify({ pid: process.pid, startedAt: 'an earlier life' }));
  await (
    await takeLock(file)
  )();
  expect(existsSync(file)).toBe(false);
});

test('whoever waits for a lock gets it, one at a time', async () => {
  let inside = 0;
  const work = async () => {
    expect(++inside).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    inside--;
  };
  await Promise.all([1, 2, 3].map(() => withLock(join(dir, 'lock'), work, {})));
});
