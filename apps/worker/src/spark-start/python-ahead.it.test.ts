import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createLogger } from '@das/core/logging/logger';
import { SPARK_START_DIR } from '@das/testkit/das-settings';
import { commonEnvironment } from '../execute/child-environment.ts';
import { ForkServer } from '../execute/fork-server.ts';
import { findPython, monotonicMs } from '../execute/supervisor.ts';
import type { Command, Ended, Supervisor } from '../execute/supervisor.ts';
import { QuickStart } from './quick-start.ts';

/** A Python that was started ahead is, to its script and to its JVM, the one that Spark started. Nearly all of it with a process in the JVM's place. */
const { sparkSubmit, pysparkPython } = inject('stack');
const home = dirname(dirname(sparkSubmit));
const OURS = fileURLToPath(new URL('python', import.meta.url));
const LONG_MS = 300_000;
let directory: string;
let python: string;
let supervisors: ForkServer;

beforeAll(async () => {
  python = await findPython(pysparkPython);
  directory = await realpath(await mkdtemp(join(tmpdir(), 'das-ahead-')));
  supervisors = await ForkServer.start({ python, directory, log: (line) => console.error(line) });
});
afterAll(async () => {
  await supervisors[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

/** Starts Python as the JVM does: pipes, a blocked SIGQUIT, another limit of files, variables that only it knows. */
const JVM = `
import json, os, re, resource, signal, subprocess, sys, time
command, changes = json.loads(sys.argv[1]), json.loads(sys.argv[2])
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGQUIT])
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 1, hard))
def ready(pid):  # or gone: alone with its main thread, which waits
    return re.search(r"State:\\t(S|Z)[^$]*Threads:\\t1\\n", open(f"/proc/{pid}/status").read()) is not None
waited = 0
while "DAS_AHEAD" in os.environ and waited < 5:
    waited = waited + 1 if ready(os.environ["DAS_AHEAD"].split(":")[1]) else 0
    time.sleep(0.02)
time.sleep(0.2)
if not command: sys.exit(1)
env = {**os.environ, "PYTHONUNBUFFERED": "YES", "PYSPARK_GATEWAY_PORT": "7", "MASTER": "local[1]", **changes}
child = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
for line in child.stdout: os.write(1, line)
code = child.wait()
sys.exit(code if code >= 0 else 128 - code)
`;

/** Its first line: whether its parent has another child that lives, which is Spark's own Python. */
const PROLOGUE = `"""A script."""
import glob, os, sys
from pyspark.sql import functions as F
children = {int(pid) for file in glob.glob(f"/proc/{os.getppid()}/task/*/children") for pid in open(file).read().split()}
print("ahead", any(") Z " not in open(f"/proc/{pid}/stat").read() for pid in children - {os.getpid()}), flush=True)
del children
`;

const REVEAL = `${PROLOGUE}
import json, re, resource, signal, stat, threading, pyspark
parent = int(re.search(r"PPid:\\s+(\\d+)", open("/proc/self/status").read())[1])
print(json.dumps({
  "argv": sys.argv, "orig": sys.orig_argv, "path": sys.path, "env": sorted(os.environ.items()), "finders": [str(finder).split(" at ")[0] for finder in sys.meta_path],
  "modules": sorted(sys.modules), "main": sorted(k for k in vars(sys.modules["__main__"])), "cwd": os.getcwd(), "file": pyspark.__file__,
  "threads": [t.name for t in threading.enumerate()],
  "nofile": resource.getrlimit(resource.RLIMIT_NOFILE), "nice": os.nice(0), "fds": os.listdir("/proc/self/fd"), "is parent": parent == os.getppid(),
  "group": os.getpgrp() == os.getppid(), "mask": sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, []))),
  "streams": [str((s.encoding, s.line_buffering, s.write_through, s.errors, stat.S_ISFIFO(os.fstat(s.fileno()).st_mode))) for s in (sys.stdin, sys.stdout, sys.stderr)],
}))
sys.exit(3)
`; // prettier-ignore

type Told = Ended & { stdout: string; ahead: boolean };

function environment(): Record<string, string> {
  const spark = ['pyspark.zip', 'py4j-0.10.9.9-src.zip'].map((name) => join(home, 'python/lib', name));
  const PYTHONPATH = [...spark, OURS].join(delimiter);
  return {
    ...commonEnvironment(process.env, python),
    PYTHONUNBUFFERED: 'YES',
    PYTHONPATH,
    DAS_PYTHON_MODULES: SPARK_START_DIR,
  };
}

async function start(argv: string[], env: Record<string, string>, ahead?: Command): Promise<Supervisor> {
  const supervisor = await supervisors.launch();
  const deadline = monotonicMs() + LONG_MS;
  await supervisor.start({ argv, env, cwd: directory, deadline, killGraceMs: 1000, ...(ahead && { ahead }) });
  return supervisor;
}

async function finish(supervisor: Supervisor): Promise<Told> {
  supervisor.stderr.resume();
  const [stdout, ended] = await Promise.all([text(supervisor.stdout), supervisor.ended]);
  await supervisor[Symbol.asyncDispose]();
  return { ...ended, stdout: stdout.replaceAll(/^ahead \w+\n/gm, ''), ahead: stdout.startsWith('ahead True\n') };
}

async function scriptOf(source: string, more: Record<string, string> = {}): Promise<string> {
  const folder = await mkdtemp(join(directory, 'script-'));
  for (const [name, content] of Object.entries({ 'main.py': source, ...more }))
    await writeFile(join(folder, name), content);
  await mkdir(join(folder, '0'));
  return join(folder, 'main.py');
}

const jvm = (command: string[], changes = {}) =>
  [python, '-I', '-S', '-c', JVM, JSON.stringify(command), JSON.stringify(changes)]; // prettier-ignore

async function execute(script: string, { ahead, changes = {} }: { ahead: boolean; changes?: object }): Promise<Told> {
  const command = [python, script, 'an argument', ''];
  const env = environment();
  return finish(await start(jvm(command, changes), env, ahead ? { argv: command, env } : undefined));
}

describe('a Python that was started ahead', () => {
  test('its script sees what it would see', { timeout: LONG_MS }, async () => {
    const script = await scriptOf(REVEAL);
    const ahead = await execute(script, { ahead: true });
    const stock = await execute(script, { ahead: false });
    expect([stock.ahead, ahead.ahead]).toEqual([false, true]);
    expect(JSON.parse(ahead.stdout)).toEqual(JSON.parse(stock.stdout));
    expect(ahead).toEqual({ ...stock, ahead: true });
    expect(ahead).toMatchObject({ code: 3, killed: 0 });
    expect(ahead.stdout).toContain('PYSPARK_GATEWAY_PORT');
  });

  const ends = {
    'os._exit(7)': 7,
    'F.nothing': 1,
    'os.kill(os.getpid(), 9)': 137,
    'os.kill(os.getpid(), 15)': 143,
    'import ctypes; ctypes.string_at(0)': 139,
  };
  test.for(Object.entries(ends))('%s: its end is what Spark sees', async ([end, code]) => {
    const script = await scriptOf(`${PROLOGUE}print("before", flush=True)\n${end}\n`);
    const ahead = await execute(script, { ahead: true });
    const stock = await execute(script, { ahead: false });
    expect(ahead).toEqual({ ...stock, ahead: true });
    expect(ahead).toMatchObject({ code, killed: 0 });
  });

  const refusals: Record<string, { source?: string; more?: Record<string, string>; changes?: object }> = {
    'a module beside the script': { more: { 'random.py': 'from _random import *\nprint("own random")\n' } },
    'another PYTHONPATH': { changes: { PYTHONPATH: environment()['PYTHONPATH'] + delimiter + '/nowhere' } },
    'another variable': { changes: { OMP_NUM_THREADS: '2' } },
    'a script that does something first': { source: PROLOGUE.replace('os, sys', 'os, sys; os.nice(0)') },
    'a script that cannot be parsed': { source: `${PROLOGUE}def f(:\n` },
  };
  test.for(Object.entries(refusals))('%s: Spark’s own executes it', async ([, { source, more, changes = {} }]) => {
    const script = await scriptOf(source ?? REVEAL, more);
    const ahead = await execute(script, { ahead: true, changes });
    const stock = await execute(script, { ahead: false, changes });
    expect({ ...ahead, stdout: '' }).toEqual({ ...stock, stdout: '' });
    const [refused, own] = [ahead, stock].map(({ stdout }) => stdout.replaceAll(/script-\w+/g, ''));
    expect(refused).toBe(own);
    expect(ahead.killed).toBe(0);
  });

  test('ends with a JVM that starts no Python', async () => {
    const script = await scriptOf(PROLOGUE);
    const supervisor = await start(jvm([]), environment(), { argv: [python, script], env: environment() });
    expect(await finish(supervisor)).toMatchObject({ code: 1, by: 'none' });
  });

  test('is stopped like everything else', async () => {
    const script = await scriptOf(`${PROLOGUE}import time\nprint("sleeps", flush=True)\ntime.sleep(600)\n`);
    const command = [python, script];
    const supervisor = await start(jvm(command), environment(), { argv: command, env: environment() });
    supervisor.stdout.once('data', () => setTimeout(() => supervisor.stop(), 200));
    expect(await finish(supervisor)).toMatchObject({ by: 'stop', killed: 3 });
  });

  test('real Spark finds it equal', { timeout: LONG_MS }, async () => {
    const { log } = createLogger({ level: 'silent', format: 'text', file: '' });
    const quick = new QuickStart({ directory: SPARK_START_DIR, python, supervisors, log });
    const env = commonEnvironment(process.env, python);
    const master = 'local[1]';
    await quick.warmUp({ sparkSubmit, master, propertiesFile: undefined }, env, new AbortController().signal);
    const scriptPath = await scriptOf(REVEAL);
    const few = { conf: {}, pyFiles: [], files: [], args: ['a b', ''], propertiesFile: undefined };
    const command = { ...few, sparkSubmit, master, appName: 'ahead', scriptPath };
    const { ahead, ...java } = await quick.prepare(command, env, directory, 'standard');
    const stock = await finish(await start(java.argv, java.env));
    let started = stock;
    // On a busy machine what steps back behind all else may come too late.
    for (let tries = 0; tries < 5 && !started.ahead; tries += 1)
      started = await finish(await start(java.argv, java.env, ahead));
    const seen = ({ stdout }: Told) => stdout.replaceAll(/"PYSPARK_GATEWAY_(PORT|SECRET)", "\w+"/g, '');
    expect(seen(started)).toBe(seen(stock));
    expect(started).toMatchObject({ code: stock.code, killed: 0 });
    expect([started.ahead, stock.ahead]).toEqual([true, false]);
    const module = { ...command, pyFiles: [scriptPath] };
    expect(await quick.prepare(module, env, directory, 'standard')).not.toHaveProperty('ahead');
    const other = { ...command, conf: { 'spark.pyspark.python': '/usr/bin/python3' } };
    expect(await quick.prepare(other, env, directory, 'standard')).not.toHaveProperty('ahead');
  });
});
