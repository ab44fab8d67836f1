import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { glob, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isAlive, parseIdentity } from './process-identity.ts';

/** A service's log is set aside (one old one is kept) when it is larger than this at start. */
const LOG_KEEP_BYTES = 16 * 1024 * 1024;
const PID_SUFFIX = '.pid.json';
const POLL_MS = 50;

export interface ServiceSpec {
  /** Names the process and its pid file. */
  name: string;
  /** Holds `<name>.pid.json` while it runs. */
  dir: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd?: string;
  /** A file takes both streams (appended); 'pipe' leaves them to the caller. */
  output: { file: string } | 'pipe';
  /** What the kernel sends it when the launcher dies without a word (kill -9). */
  deathSignal: 'TERM' | 'KILL';
}

export interface ServiceProcess {
  readonly name: string;
  readonly pid: number;
  /** Settles when it has ended: `exit code 1`, `signal SIGKILL`. */
  readonly exited: Promise<Ending>;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** SIGTERM, and SIGKILL after `graceMs`; settles when it has ended. Again is fine. */
  stop(graceMs?: number): Promise<void>;
}

export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export function describeEnding({ code, signal }: Ending): string {
  return signal ? `signal ${signal}` : `exit code ${code}`;
}

/**
 * Starts a process in a session of its own (a Ctrl-C at the terminal is the launcher's to pass on, in order) that dies with the
 * launcher. What a killed launcher left under the same name is finished first.
 */
export async function spawnService(spec: ServiceSpec): Promise<ServiceProcess> {
  const pidFile = join(spec.dir, `${spec.name}${PID_SUFFIX}`);
  await mkdir(spec.dir, { recursive: true, mode: 0o700 });
  await finishLeftover(pidFile);
  const child = await spawnGuarded(spec);
  const exited = new Promise<Ending>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  const pid = child.pid as number;
  const identity = await identify(pid);
  if (identity) await writeFile(pidFile, JSON.stringify(identity), { mode: 0o600 });

  const stop = async (graceMs = 10_000) => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    }
    await rm(pidFile, { force: true });
  };
  return { name: spec.name, pid, exited, stdout: child.stdout, stderr: child.stderr, stop };
}

async function spawnGuarded(spec: ServiceSpec): Promise<ChildProcess> {
  const { command, args } = guarded(spec);
  const log = spec.output === 'pipe' ? undefined : await openLog(spec.output.file);
  try {
    const streams = log ? log.fd : 'pipe';
    const child = spawn(command, args, {
      cwd: spec.cwd,
      env: spec.env,
      detached: true,
      stdio: ['ignore', streams, streams],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(new Error(`${spec.name} does not start: ${error.message}`)));
    });
    return child;
  } finally {
    await log?.close();
  }
}

/** util-linux's setpriv asks the kernel for a signal on the parent's death, then becomes the command: same pid, no process more. */
function guarded({ command, args, deathSignal }: ServiceSpec): { command: string; args: string[] } {
  const setpriv = process.platform === 'linux' && ['/usr/bin/setpriv', '/bin/setpriv'].find((file) => existsSync(file));
  return setpriv
    ? { command: setpriv, args: [`--pdeathsig=${deathSignal}`, '--', command, ...args] }
    : { command, args };
}

async function openLog(file: string) {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const size = await stat(file).then(
    ({ size }) => size,
    () => 0,
  );
  if (size > LOG_KEEP_BYTES) await rename(file, `${file}.1`);
  return open(file, 'a', 0o600);
}

/** Ends what a killed launcher may have left below `home` (its death tells its children to end, which takes them a moment). */
export async function finishLeftovers(home: string): Promise<void> {
  const ending: Promise<void>[] = [];
  for await (const file of glob(`*/*${PID_SUFFIX}`, { cwd: home })) ending.push(finishLeftover(join(home, file)));
  await Promise.all(ending);
}

/** Ends the process that a pid file of an earlier life names, if that very process still lives. */
export async function finishLeftover(pidFile: string, graceMs = 10_000): Promise<void> {
  const left = await readFile(pidFile, 'utf8').then(
    (text) => parseIdentity(text),
    () => undefined,
  );
  if (left && (await isAlive(left))) {
    const deadline = performance.now() + graceMs;
    send(left.pid, 'SIGTERM');
    while (await isAlive(left)) {
      if (performance.now() > deadline) send(left.pid, 'SIGKILL');
      await delay(POLL_MS);
    }
  }
  await rm(pidFile, { force: true });
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ended a moment ago
  }
}

/** Asks `ready` (true, or an error or false for "not yet") until it holds; fails if `service` ends first or `deadlineMs` pass. */
export async function untilReady(
  service: Pick<ServiceProcess, 'name' | 'exited'>,
  ready: () => Promise<boolean>,
  { deadlineMs, log, signal }: { deadlineMs: number; log?: string; signal?: AbortSignal | undefined },
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  let ending: Ending | undefined;
  let last: unknown = 'it said no';
  void service.exited.then((value) => (ending = value));
  for (;;) {
    signal?.throwIfAborted();
    if (ending) throw new Error(`${service.name} ended at start: ${describeEnding(ending)}${await tail(log)}`);
    if (performance.now() > deadline)
      throw new Error(`${service.name} is not ready after ${deadlineMs / 1000} s: ${String(last)}${await tail(log)}`);
    try {
      if (await ready()) return;
    } catch (error) {
      last = error;
    }
    await delay(POLL_MS, undefined, { signal });
  }
}

async function tail(file: string | undefined): Promise<string> {
  if (!file) return '';
  const text = await readFile(file, 'utf8').catch(() => '');
  return `\n${text.trimEnd().split('\n').slice(-8).join('\n')}\n(${file})`;
}
