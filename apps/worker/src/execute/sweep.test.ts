/** Real processes; every run id here is this test's own, so nothing of a neighbour is swept. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { ForkServer } from './fork-server.ts';
import { findPython, monotonicMs, type Supervisor } from './supervisor.ts';
import { supervisorMarks, sweepLeftovers, type AttemptMarks } from './sweep.ts';

let python: string;
let directory: string;
let server: ForkServer;
let releases: (() => unknown)[] = [];

beforeAll(async () => {
  python = await findPython('python3');
  directory = await mkdtemp(join(tmpdir(), 'das-sweep-'));
  server = await ForkServer.start({ python, directory, log: (line) => console.error(line) });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});
afterEach(async () => {
  for (const release of releases.reverse()) await release();
  releases = [];
});

const PATH = '/usr/local/bin:/usr/bin:/bin';
const ofRun = (run: string) => (marks: AttemptMarks) => marks.DAS_RUN_ID === run;

/** An attempt with a child in a session of its own, whose environment is cleared if so wanted. */
async function runAttempt(
  run: string,
  clear = false,
): Promise<{ supervisor: Supervisor; main: number; inner: number }> {
  const marks = { DAS_RUN_ID: run, DAS_ATTEMPT: '2', DAS_FENCING_TOKEN: '5' };
  const supervisor = await server.launch();
  releases.push(() => supervisor[Symbol.asyncDispose]());
  const said = once(supervisor.stdout, 'data');
  supervisor.stderr.resume();
  const source = `
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the child inherits it
child = subprocess.Popen(["sleep", "600"], start_new_session=True, env=${clear ? '{}' : 'None'})
print(child.pid, flush=True)
time.sleep(600)`;
  const main = await supervisor.start({
    // The outer shell is what dies with a killed supervisor, the rest is what escapes.
    argv: ['sh', '-c', '"$0" -c "$1"; true', python, source],
    env: { PATH, ...marks },
    marks: supervisorMarks(marks),
    cwd: '/',
    deadline: monotonicMs() + 60_000,
    killGraceMs: 200,
  });
  return { supervisor, main, inner: Number((await said)[0]) };
}

function lives(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function lose(supervisor: Supervisor): Promise<void> {
  process.kill(supervisor.pid, 'SIGKILL');
  await expect(supervisor.ended).rejects.toMatchObject({ treeMayLive: true });
}

it.each([false, true])('ends what escaped a killed supervisor (environment cleared below: %s)', async (clear) => {
  const run = randomUUID();
  const { supervisor, inner } = await runAttempt(run, clear);
  await lose(supervisor);
  expect(lives(inner)).toBe(true);
  const swept = await sweepLeftovers(ofRun(run), { graceMs: 300 });
  expect(swept).toContain(inner);
  expect(lives(inner)).toBe(false);
  expect(await sweepLeftovers(ofRun(run), { graceMs: 300 })).toEqual([]);
});

it('hands the marks to the one who chooses', async () => {
  const run = randomUUID();
  const { supervisor, inner } = await runAttempt(run);
  await lose(supervisor);
  const seen: AttemptMarks[] = [];
  await sweepLeftovers((marks) => marks.DAS_RUN_ID === run && seen.push(marks) < 0, { graceMs: 0 });
  expect(seen[0]).toEqual({ DAS_RUN_ID: run, DAS_ATTEMPT: '2', DAS_FENCING_TOKEN: '5' });
  expect(lives(inner)).toBe(true);
  await sweepLeftovers(ofRun(run), { graceMs: 0 });
  expect(lives(inner)).toBe(false);
});

it('leaves alone what a living supervisor governs, unless asked', async () => {
  const run = randomUUID();
  const { supervisor, main, inner } = await runAttempt(run);
  expect(await sweepLeftovers(ofRun(run), { graceMs: 0 })).toEqual([]);
  expect([main, inner].every(lives)).toBe(true);

  process.kill(supervisor.pid, 'SIGSTOP'); // frozen: it cannot do it itself
  const swept = await sweepLeftovers(ofRun(run), { graceMs: 0, evenGoverned: true });
  expect(swept).toEqual(expect.arrayContaining([main, inner]));
  expect([main, inner].some(lives)).toBe(false);
  process.kill(supervisor.pid, 'SIGCONT');
  expect(await supervisor.ended).toMatchObject({ signal: 'SIGKILL', by: 'none' });
});

it('finds a daemon with a cleared environment below a frozen supervisor, whose main child is gone', async () => {
  const run = randomUUID();
  const { supervisor, main, inner } = await runAttempt(run, true);
  process.kill(supervisor.pid, 'SIGSTOP');
  process.kill(main, 'SIGKILL');
  const swept = await sweepLeftovers(ofRun(run), { graceMs: 0, evenGoverned: true });
  expect(swept).toContain(inner);
  expect(lives(inner)).toBe(false);
  process.kill(supervisor.pid, 'SIGCONT');
  expect(await supervisor.ended).toMatchObject({ signal: 'SIGKILL' });
});

it('leaves alone children of its own', async () => {
  const run = randomUUID();
  const env = { PATH, DAS_RUN_ID: run, DAS_ATTEMPT: '1', DAS_FENCING_TOKEN: '1' };
  const child: ChildProcess = spawn('sleep', ['600'], { env });
  releases.push(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  await sleep(50);
  expect(await sweepLeftovers(ofRun(run), { graceMs: 0 })).toEqual([]);
  expect(child.exitCode ?? child.signalCode).toBeNull();
});
