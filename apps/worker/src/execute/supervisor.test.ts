/** Real processes throughout: shells, Python scripts, a node that is killed. Linux is assumed (/proc). */
import { spawn as spawnProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dir, lives, MINUTE, order, PATH, python, script, until } from '../../test/supervised.ts';
import { ForkServer } from './fork-server.ts';
import type { Supervisor } from './supervisor.ts';
import { monotonicMs, NeverStarted, SpawnFailed, SupervisorLost } from './supervisor.ts';

let server: ForkServer;
let releases: (() => unknown)[] = [];

beforeAll(async () => {
  server = await ForkServer.start({ python, directory: dir, log: (line) => console.error(line) });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});
afterEach(async () => {
  for (const release of releases.reverse()) await release();
  releases = [];
});

interface Launched {
  supervisor: Supervisor;
  stdout: Promise<string>;
  stderr: Promise<string>;
}

async function launch(): Promise<Launched> {
  const supervisor = await server.launch();
  releases.push(() => supervisor[Symbol.asyncDispose]());
  return { supervisor, stdout: read(supervisor.stdout), stderr: read(supervisor.stderr) };
}

/** Handled here: a stream that dispose() cuts short rejects without anyone waiting for it. */
function read(stream: Readable): Promise<string> {
  const all = text(stream);
  all.catch(() => undefined);
  return all;
}

/** The pids that the attempt's processes wrote, a file each, once there are `count` of them. */
async function pidsIn(file: string, count: number): Promise<number[]> {
  const read = () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number) : []);
  await until(() => read().length >= count, `${count} pids are in ${file}`);
  return read();
}

const isStopped = (pid: number) => /^\d+ \(.*\) T/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

let files = 0;
const newFile = () => join(dir, `file-${files++}`);

/** Python: writes one's pid, ignores SIGTERM, lives for ever. */
const stubborn = (file: string) => `
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.write(os.open(${JSON.stringify(file)}, os.O_CREAT | os.O_WRONLY | os.O_APPEND), b"%d\\n" % os.getpid())
while True: time.sleep(60)`;

/** Python: a main that leaves a double-forked, setsid'd daemon with a cleared environment and ends with `end`. */
const daemoniser = (file: string, end: string) => `
import os, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for fd in 0, 1, 2: os.dup2(null, fd)
        os.execve(sys.executable, [sys.executable, "-c", ${JSON.stringify(stubborn(file))}], {})
    os._exit(0)
os.wait()
${end}`;

describe('an attempt that ends by itself', () => {
  it('tells the exit code and passes both streams through', async () => {
    const { supervisor, stdout, stderr } = await launch();
    const pid = await supervisor.start(order(['sh', '-c', 'echo out; echo err >&2; exit 7']));
    expect(pid).toBeGreaterThan(1);
    expect(await supervisor.exited).toEqual({ code: 7, signal: null });
    expect(await supervisor.ended).toEqual({ code: 7, signal: null, by: 'none', killed: 0 });
    expect([await stdout, await stderr]).toEqual(['out\n', 'err\n']);
  });

  it('tells the signal that ended it', async () => {
    const { supervisor } = await launch();
    await supervisor.start(order(['sh', '-c', 'kill -SEGV $$']));
    expect(await supervisor.ended).toMatchObject({ code: null, signal: 'SIGSEGV', by: 'none' });
  });

  it('loses no byte of a large output that is read slowly', async () => {
    const supervisor = await server.launch();
    releases.push(() => supervisor[Symbol.asyncDispose]());
    await supervisor.start(order(['sh', '-c', 'head -c 3000000 /dev/zero']));
    let size = 0;
    for await (const chunk of supervisor.stdout as AsyncIterable<Buffer>) {
      size += chunk.length;
      await sleep(1);
    }
    expect(size).toBe(3_000_000);
    expect(await supervisor.ended).toMatchObject({ code: 0 });
  });

  it('takes its daemons with it, however they were made', async () => {
    const { supervisor } = await launch();
    const file = newFile();
    const wait = `
import time
while not os.path.exists(${JSON.stringify(file)}): time.sleep(0.01)
sys.exit(3)`;
    await supervisor.start(script(daemoniser(file, wait)));
    expect(await supervisor.ended).toEqual({ code: 3, signal: null, by: 'none', killed: 1 });
    const [daemon] = await pidsIn(file, 1);
    expect(lives(daemon!)).toBe(false);
  });

  it('lets what is left drain for a moment', async () => {
    const { supervisor, stdout } = await launch();
    await supervisor.start(order(['sh', '-c', '(sleep 0.02; echo late) & exit 0']));
    expect(await supervisor.ended).toMatchObject({ code: 0, killed: 0 });
    expect(await stdout).toBe('late\n');
  });
});

describe('what the child gets', () => {
  it('is argv byte for byte', async () => {
    const args = ['', ' ', 'ä 🚀 \u{10ffff}', `'"\\$HOME \`id\``, 'two\nlines\n', '\t\x01\x7f', '--', '-c', '*', ''];
    const { supervisor, stdout } = await launch();
    const show = 'import os,sys; print(open("/proc/self/cmdline","rb").read().hex())';
    await supervisor.start(order([python, '-I', '-c', show, ...args]));
    const bytes = Buffer.from((await stdout).trim(), 'hex').toString();
    expect(bytes.split('\0').slice(4, -1)).toEqual(args);
  });

  it('is exactly the environment given, its directory, no input and no other descriptor', async () => {
    const env = { PATH, EMPTY: '', UNICODE: 'ß=ü\nx', DAS_RUN_ID: 'r1' };
    const { supervisor, stdout } = await launch();
    const show = `cat /proc/$$/environ; printf '\\0|'; pwd; cat; ls /proc/$$/fd`;
    await supervisor.start(order(['/bin/sh', '-c', show], { env }));
    const [environ, rest] = (await stdout).split('\0|');
    expect(
      Object.fromEntries(
        environ!
          .split('\0')
          .filter(Boolean)
          .map((entry) => entry.split(/=(.*)/s)),
      ),
    ).toEqual(env);
    expect(rest!.split('\n').filter(Boolean)).toEqual([dir, '0', '1', '2']);
  });

  it('is the default action for every signal, and a session of its own', async () => {
    const { supervisor, stdout } = await launch();
    const pid = await supervisor.start(order(['grep', '-E', '^Sig(Blk|Ign)', '/proc/self/status']));
    expect(await stdout).toBe('SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n');
    const second = await launch();
    const main = await second.supervisor.start(order(['sleep', '60']));
    expect(readFileSync(`/proc/${main}/stat`, 'utf8').split(') ')[1]!.split(' ').slice(2, 4)).toEqual([
      `${main}`,
      `${main}`,
    ]);
    expect(pid).not.toBe(main);
  });
});

describe('an attempt that cannot start', () => {
  it.each([
    ['ENOENT', ['/nonexistent/spark-submit'], {}],
    ['ENOENT', ['no-such-program'], {}],
    ['ENOENT', ['true'], { cwd: '/nonexistent' }],
    ['EACCES', ['/tmp'], {}],
    ['EINVAL', ['echo', 'a\0b'], {}],
    ['ETIME', ['true'], { deadline: 1 }],
  ])('says %s for %j %j', async (code, argv, more) => {
    const { supervisor } = await launch();
    const failure = await supervisor.start(order(argv, more)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SpawnFailed);
    expect(failure).toMatchObject({ code });
    expect(await supervisor.ended).toMatchObject({ code: null, signal: null, killed: 0 });
  });

  it('ends unstarted when told to', async () => {
    const stopped = (await launch()).supervisor;
    await stopped.ready;
    stopped.stop();
    expect(await stopped.ended).toMatchObject({ by: 'stop', killed: 0 });
    await expect(stopped.spawned).rejects.toBeInstanceOf(NeverStarted);
    const disposed = (await launch()).supervisor;
    await disposed[Symbol.asyncDispose]();
    expect(await disposed.ended).toMatchObject({ by: 'pipe', killed: 0 });
    await until(() => !lives(disposed.pid), 'it is gone');
  });

  it('says so if there is no supervisor to be had', async () => {
    const silent = { directory: await mkdtemp(join(dir, 'none-')), log: () => undefined };
    await using none = await ForkServer.start({ ...silent, python: '/nonexistent/python' });
    const lost = await none.launch().catch((error: unknown) => error);
    expect(lost).toBeInstanceOf(SupervisorLost);
    expect(lost).toMatchObject({ treeMayLive: false });
  });
});

describe('stop', () => {
  it('asks with SIGTERM first, and may be said twice', async () => {
    const { supervisor, stdout } = await launch();
    const up = untilSaid(supervisor, 'up');
    await supervisor.start(order(['sh', '-c', 'trap "echo bye; exit 5" TERM; echo up; while :; do sleep 0.05; done']));
    await up;
    supervisor.stop();
    supervisor.stop();
    expect(await supervisor.ended).toMatchObject({ code: 5, signal: null, by: 'stop' });
    expect(await stdout).toBe('up\nbye\n');
    supervisor.stop();
  });

  it('ends one that was told to stop in the same breath as to start', async () => {
    const { supervisor } = await launch();
    await supervisor.ready;
    void supervisor.start(order(['sleep', '60'], { killGraceMs: MINUTE })).catch(() => undefined);
    supervisor.stop();
    expect(await supervisor.ended).toMatchObject({ signal: 'SIGTERM', by: 'stop' });
  });

  it('kills, after the grace, a tree that ignores SIGTERM, with its daemons', async () => {
    const { supervisor } = await launch();
    const file = newFile();
    await supervisor.start(script(daemoniser(file, stubborn(file))));
    const pids = await pidsIn(file, 2);
    supervisor.stop();
    expect(await supervisor.ended).toMatchObject({ code: null, signal: 'SIGKILL', by: 'stop', killed: 2 });
    expect(pids.filter(lives)).toEqual([]);
  });

  it('ends a tree that forks without end', async () => {
    const { supervisor } = await launch();
    const file = newFile();
    const source = `
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(${JSON.stringify(file)}, "w").write(f"{os.getpid()}\\n")
if os.fork(): time.sleep(600)
for n in range(2000):  # a relay: each lives for a moment, in a session of its own
    if os.fork(): time.sleep(0.01); os._exit(0)
    os.setsid()`;
    await supervisor.start(script(source, { killGraceMs: 200 }));
    await pidsIn(file, 1);
    supervisor.stop();
    expect(await supervisor.ended).toMatchObject({ by: 'stop' });
  });
});

async function untilSaid(supervisor: Supervisor, word: string): Promise<void> {
  let said = '';
  const listen = (chunk: Buffer) => (said += String(chunk));
  supervisor.stdout.on('data', listen);
  await until(() => said.includes(word), `${word} is said`);
  supervisor.stdout.off('data', listen);
}

describe('the deadline', () => {
  it('kills outright', async () => {
    const { supervisor } = await launch();
    const file = newFile();
    await supervisor.start(script(daemoniser(file, stubborn(file)), { killGraceMs: MINUTE }));
    const pids = await pidsIn(file, 2);
    supervisor.extend(monotonicMs() + 300);
    expect(await supervisor.ended).toMatchObject({ signal: 'SIGKILL', by: 'deadline', killed: 2 });
    expect(pids.filter(lives)).toEqual([]);
  });

  it('cuts the grace of a stop short', async () => {
    const { supervisor } = await launch();
    const file = newFile();
    await supervisor.start(script(stubborn(file), { killGraceMs: MINUTE }));
    await pidsIn(file, 1);
    supervisor.stop();
    supervisor.extend(monotonicMs() + 300);
    expect(await supervisor.ended).toMatchObject({ signal: 'SIGKILL', by: 'stop' });
  });

  it('moves with every extension, also with many at once', async () => {
    const { supervisor } = await launch();
    await supervisor.start(order(['sh', '-c', 'sleep 4; exit 9'], { deadline: monotonicMs() + 2_000 }));
    for (let i = 1; i <= 500; i++) supervisor.extend(monotonicMs() + 60 * i);
    expect(await supervisor.ended).toMatchObject({ code: 9, by: 'none' });
  });

  it('is kept by kill()', async () => {
    const { supervisor } = await launch();
    await supervisor.start(order(['sleep', '60'], { killGraceMs: MINUTE }));
    supervisor.kill();
    expect(await supervisor.ended).toMatchObject({ signal: 'SIGKILL', by: 'deadline' });
  });

  it('holds for a supervisor that was frozen past it', async () => {
    const { supervisor } = await launch();
    const file = newFile();
    const deadline = monotonicMs() + 3_000;
    await supervisor.start(script(daemoniser(file, stubborn(file)), { deadline, killGraceMs: MINUTE }));
    const pids = await pidsIn(file, 2);
    process.kill(supervisor.pid, 'SIGSTOP');
    await until(() => monotonicMs() > deadline + 200, 'the deadline is past');
    expect(pids.every(lives)).toBe(true);
    process.kill(supervisor.pid, 'SIGCONT');
    expect(await supervisor.ended).toMatchObject({ signal: 'SIGKILL', by: 'deadline', killed: 2 });
    expect(pids.filter(lives)).toEqual([]);
  });

  it('is on the clock that Python and Node share', async () => {
    const { supervisor, stdout } = await launch();
    const before = monotonicMs();
    await supervisor.start(script('import time; print(time.clock_gettime(time.CLOCK_MONOTONIC) * 1000)'));
    const there = Number(await stdout);
    expect(there).toBeGreaterThan(before);
    expect(there).toBeLessThan(monotonicMs());
  });
});

describe('when somebody dies, or stops', () => {
  it.each([
    ['extended', (supervisor: Supervisor) => supervisor.extend(monotonicMs() + MINUTE)],
    ['told to stop', (supervisor: Supervisor) => supervisor.stop()],
    ['given up', (supervisor: Supervisor) => void supervisor[Symbol.asyncDispose]()],
  ])('a supervisor that its script has stopped goes on when it is %s', async (_, act) => {
    const { supervisor } = await launch();
    const stopping = 'import os, signal, time; time.sleep(0.2); os.kill(os.getppid(), signal.SIGSTOP)';
    await supervisor.start(script(stopping));
    await until(() => isStopped(supervisor.pid), 'it is stopped');
    act(supervisor);
    await supervisor.ended;
  });

  it('kill -9 of the worker ends the tree', async () => {
    const file = newFile();
    const driver = join(dir, 'driver.ts');
    const module = (name: string) => new URL(`./${name}.ts`, import.meta.url).href;
    await writeFile(
      driver,
      `import { monotonicMs } from ${JSON.stringify(module('supervisor'))}
       import { ForkServer } from ${JSON.stringify(module('fork-server'))}
       const directory = ${JSON.stringify(await mkdtemp(join(dir, 'worker-')))}
       const server = await ForkServer.start({ python: ${JSON.stringify(python)}, directory, log: console.error })
       const supervisor = await server.launch()
       await supervisor.start({ argv: [${JSON.stringify(python)}, '-c', ${JSON.stringify(daemoniser(file, stubborn(file)))}],
         env: {}, cwd: '/', deadline: monotonicMs() + 60_000, killGraceMs: 500 })
       console.log(supervisor.pid)`,
    );
    const worker = spawnProcess(process.execPath, [driver], { stdio: ['ignore', 'pipe', 'inherit'] });
    const supervisor = Number(await new Promise((resolve) => worker.stdout.once('data', resolve)));
    const pids = await pidsIn(file, 2);
    worker.kill('SIGKILL');
    await until(() => ![supervisor, ...pids].some(lives), 'all are dead');
  });

  it('signals meant for the worker do not touch a supervisor', async () => {
    const { supervisor } = await launch();
    await supervisor.start(order(['sh', '-c', 'sleep 1; exit 4']));
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.kill(supervisor.pid, signal);
    expect(await supervisor.ended).toMatchObject({ code: 4, by: 'none' });
  });

  it('a supervisor that is killed takes the main child with it, and its driver hears of the rest', async () => {
    const { supervisor } = await launch();
    const pid = await supervisor.start(order(['sleep', '60']));
    process.kill(supervisor.pid, 'SIGKILL');
    const lost = await supervisor.ended.catch((error: unknown) => error);
    expect(lost).toBeInstanceOf(SupervisorLost);
    expect(lost).toMatchObject({ treeMayLive: true });
    await expect(supervisor.exited).rejects.toBe(lost);
    await until(() => !lives(pid), 'the main child is dead');
    supervisor.stop();
    supervisor.extend(monotonicMs() + 1);
  });
});

describe('the pipe between them', () => {
  const source = JSON.stringify(fileURLToPath(new URL('../supervise', import.meta.url)));
  const alone = `import sys; sys.dont_write_bytecode = True; sys.path.insert(0, ${source}); import supervisor; supervisor.main()`;

  it('takes lines that come in pieces or many at once', async () => {
    const child = spawnProcess(python, ['-I', '-S', '-E', '-c', alone], {
      stdio: ['pipe', 'pipe', 'inherit', 'pipe', 'pipe'],
    });
    const events = text(child.stdout!);
    const { deadline, ...rest } = order(['true']);
    const start = JSON.stringify({ op: 'start', ...rest, deadline });
    for (const piece of [start.slice(0, 9), start.slice(9, 40), `${start.slice(40)}\n{"op":"deadline","at":`]) {
      child.stdin!.write(piece);
      await sleep(50);
    }
    child.stdin!.write(`${deadline}}\n{"op":"deadline","at":${deadline + 1}}\n`);
    const said = (await events)
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { ev: string }).ev);
    expect(said).toEqual(['ready', 'spawned', 'exited', 'dead']);
  });

  it('hears a stop before anything was started and the end of its worker in one breath: one end, and no fault', async () => {
    const child = spawnProcess(python, ['-I', '-S', '-E', '-c', alone], {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const [events, diagnostics] = [text(child.stdout!), text(child.stderr!)];
    child.stdin!.end('{"op":"stop"}\n');
    expect(
      (await events)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([{ ev: 'ready' }, { ev: 'dead', killed: 0, by: 'stop' }]);
    expect(await diagnostics).toBe('');
    expect(await exited).toBe(0);
  });

  it('treats a worker that talks nonsense as gone', async () => {
    const child = spawnProcess(python, ['-I', '-S', '-E', '-c', alone], {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    });
    const events = text(child.stdout!);
    const diagnostics = text(child.stderr!);
    child.stdin!.write(`${JSON.stringify({ op: 'start', ...order(['sleep', '60']) })}\n`);
    child.stdin!.write('nonsense\n');
    expect((await events).trim().split('\n').at(-1)).toContain('"by": "pipe"');
    expect(await diagnostics).toContain('cannot follow the worker');
  });
});

it('stays within 15 MB and is known by its name', async () => {
  const { supervisor } = await launch();
  await supervisor.start(order(['sleep', '60']));
  const status = await readFile(`/proc/${supervisor.pid}/status`, 'utf8');
  expect(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1])).toBeLessThanOrEqual(15 * 1024);
  expect(status).toContain('Name:\tdas-supervisor\n');
});
