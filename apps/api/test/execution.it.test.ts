import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';

/** What a script gets, and what DAS takes from it. */
let das: Das;
beforeAll(async () => {
  das = await startDas({ stub: true, workerEnv: { SECRET_OF_THE_OPERATOR: 'hush' } });
});
afterAll(() => das[Symbol.asyncDispose]());

describe('what a script gets', () => {
  test('arguments, byte for byte', async () => {
    const script = await das.putScript(
      'args.py',
      'import json, os, sys\nprint(json.dumps([os.fsencode(a).hex() for a in sys.argv[1:]]))\n',
    );
    const args = [
      '',
      ' ',
      'a b',
      '--conf',
      'x=y',
      '-',
      '--',
      '$HOME',
      '`id`',
      '*',
      '"\'\\',
      'ü 日本語 😀',
      'a\nb\t',
      '%s',
      '{}',
      '\u0001',
      'e\u0301',
    ];
    const run = await das.runToEnd({ script, args });
    expect(run.args).toEqual(args);
    expect(JSON.parse(run.result?.tail ?? '')).toEqual(args.map((arg) => Buffer.from(arg).toString('hex')));
  });

  test('pyFiles and files', async () => {
    await das.putScript('lib/shared.py', 'def greet(name):\n    return "hello " + name\n');
    await das.putScript('lib/names.txt', 'wörld');
    const folder = await mkdtemp(join(tmpdir(), 'das-zip-'));
    await writeFile(join(folder, 'zipped.py'), 'def loud(text):\n    return text.upper()\n');
    await promisify(execFile)(das.stack.pysparkPython, ['-m', 'zipfile', '-c', 'lib.zip', 'zipped.py'], {
      cwd: folder,
    });
    await das.putScript('lib/lib.zip', await readFile(join(folder, 'lib.zip')));
    await rm(folder, { recursive: true });
    const script = await das.putScript(
      'uses.py',
      `import os, shared, zipped\nname = open(os.path.join(os.environ["STUB_FILES"], "names.txt"), encoding="utf-8").read()\nprint(zipped.loud(shared.greet(name)))\n`,
    );
    const pyFiles = [`${das.scriptsDir}/lib/shared.py`, `${das.scriptsDir}/lib/lib.zip`];
    const run = await das.runToEnd({ script, pyFiles, files: [`${das.scriptsDir}/lib/names.txt`] });
    expect(run).toMatchObject({ state: 'completed', pyFiles, result: { tail: 'HELLO WÖRLD\n' } });
  });

  test('its environment holds what the run is, and no secret of DAS', async () => {
    const script = await das.putScript('environment.py', 'import json, os\nprint(json.dumps(dict(os.environ)))\n');
    const run = await das.runToEnd({ script });
    const env = JSON.parse(run.result?.tail ?? '') as Record<string, string>;
    expect(env).toMatchObject({ DAS_RUN_ID: run.id, DAS_ATTEMPT: '1', LC_ALL: 'C.UTF-8', SPARK_LOCAL_IP: '127.0.0.1' });
    for (const name of ['MONGODB_URI', 'REDIS_URL', 'API_TOKEN', 'SECRET_OF_THE_OPERATOR'])
      expect(env).not.toHaveProperty(name);
  });

  test('names and output beyond ASCII', async () => {
    const name = 'größe übersicht 日本語 😀.py';
    const script = await das.putScript(`Ünter/${name}`, 'print("Grüße, 日本 😀")\n');
    const scan = (await das.call('startScan')).body;
    await eventually(
      'scanned',
      async () => (await das.call('getScan', { params: { id: scan.id } })).body.state,
      (state) => state === 'done',
    );
    expect((await das.call('listScripts', { query: { q: '日本語' } })).body.items).toMatchObject([
      { path: script, name },
    ]);
    expect((await das.call('listFiles', { query: { path: `${das.scriptsDir}/Ünter` } })).body.entries).toMatchObject([
      { name, tracked: true },
    ]);
    const run = await das.runToEnd({ script, labels: { тема: 'ключ' } });
    expect(run).toMatchObject({ state: 'completed', script: { path: script }, result: { tail: 'Grüße, 日本 😀\n' } });
    expect(run.attempts[0]?.command.at(-1)).toMatch(/\/[\w-]+\.py$/); // the private copy has a safe name
    expect((await das.call('listRuns', { query: { label: 'тема:ключ' } })).body.items.map(({ id }) => id)).toEqual([
      run.id,
    ]);
    expect(await das.log(run.id)).toContain('Grüße, 日本 😀\n');
  });
});

describe('its result', () => {
  const writing = (text: string) => `import os\nopen(os.environ["DAS_RESULT_FILE"], "w").write(${text})\n`;

  test('JSON that it wrote', async () => {
    const script = await das.putScript('result.py', writing(`'{"rows": 3, "names": ["ä", null]}'`));
    expect((await das.runToEnd({ script })).result).toEqual({
      exitCode: 0,
      tail: '',
      value: { rows: 3, names: ['ä', null] },
    });
  });

  test('JSON that MongoDB would not take for a document, to the letter', async () => {
    const told = { 'a\0b': 1, _bsontype: 'ObjectId', $ref: { $id: [] }, 'a.b': '\ud800', deep: [[[[]]]] };
    const script = await das.putScript('odd-result.py', writing(JSON.stringify(JSON.stringify(told))));
    const run = await das.runToEnd({ script });
    expect(run).toMatchObject({ state: 'completed', losses: 0 });
    expect(run.result?.value).toEqual(told);
    const { items } = (await das.call('listRuns', { query: { script } })).body;
    expect(items[0]?.result?.value).toEqual(told);
  });

  test.each([
    ['no JSON', `'rows: 3'`, /not valid JSON/],
    ['more than 64 KiB', `'"' + 'x' * 65536 + '"'`, /larger than 65536 bytes/],
    ['lists 30,000 deep', `'[' * 30000 + ']' * 30000`, /more than 100 deep/],
    ['a pipe', '', /a folder or a pipe/],
  ])('%s: the run completes and says so', async (name, text, error) => {
    const source = text ? writing(text) : 'import os\nos.mkfifo(os.environ["DAS_RESULT_FILE"])\n';
    const script = await das.putScript(`result-${name.replaceAll(' ', '-')}.py`, source);
    const run = await das.runToEnd({ script });
    expect(run.state).toBe('completed');
    expect(run.result?.error).toMatch(error);
    expect(run.result).not.toHaveProperty('value');
  });

  test('the last 4 KiB of stdout', async () => {
    const script = await das.putScript('long.py', 'for i in range(3000):\n    print("line", i)\n');
    const { result } = await das.runToEnd({ script });
    expect(Buffer.byteLength(result?.tail ?? '')).toBeLessThanOrEqual(4096);
    expect(Buffer.byteLength(result?.tail ?? '')).toBeGreaterThan(4000);
    expect(result?.tail).toMatch(/line 2999\n$/);
  });
});

describe('executed bytes = accepted bytes', () => {
  /** Keeps the runs of one launch from starting until the worker is free. */
  const blocked = async (submit: () => Promise<string>, meanwhile: () => Promise<unknown>) => {
    const blocker = await das.putScript('blocker.py', 'import time\ntime.sleep(60)\n');
    const fillers = await Promise.all(Array.from({ length: 4 }, () => das.submit({ script: blocker })));
    await Promise.all(fillers.map(({ id }) => das.waitFor(id, ({ state }) => state === 'running')));
    const id = await submit();
    await meanwhile();
    await Promise.all(fillers.map(({ id: filler }) => das.call('cancelRun', { params: { id: filler } })));
    return das.waitFor(id);
  };

  test.each([
    ['changed', (path: string) => das.hdfs.write(path, Buffer.from('print("new")\n'), { overwrite: true })],
    ['deleted', (path: string) => das.hdfs.remove(path)],
  ])('a script %s between submit and run: the pinned copy runs, and the run says so', async (how, change) => {
    const script = await das.putScript(`${how}.py`, 'print("as accepted")\n');
    const run = await blocked(
      async () => (await das.submit({ script })).id,
      () => change(script),
    );
    expect(run).toMatchObject({ state: 'completed', drifted: true, result: { tail: 'as accepted\n' } });
  });

  test('the caller names the content it saw: another one is version_changed', async () => {
    const script = await das.putScript('seen.py', 'print(1)\n');
    const { sha256 } = (await das.call('getScriptContent', { query: { path: script } })).body;
    expect((await das.runToEnd({ script, sha256 })).state).toBe('completed');
    await das.putScript('seen.py', 'print(22)\n');
    const { problem } = await eventually(
      'the change is seen',
      () => das.api.refused('submitRun', { body: { script, sha256 } }).catch(() => ({ problem: null })),
      ({ problem: told }) => told !== null,
    );
    expect(problem).toMatchObject({ code: 'version_changed', errors: [{ path: 'script' }] });
  });

  test('a re-run of the pinned content, and of the latest', async () => {
    const script = await das.putScript('versions.py', 'print("one")\n');
    const first = await das.runToEnd({ script, args: ['x'], labels: { a: 'b' } });
    await das.putScript('versions.py', 'print("two")\n');
    await sleep(1000); // what a submission knows of a file may be a second old
    const rerun = async (version: 'pinned' | 'latest', overrides = {}) => {
      const { body } = await das.call('rerunRun', { params: { id: first.id }, body: { version, overrides } });
      return das.waitFor(body.id);
    };
    expect(await rerun('pinned')).toMatchObject({
      rerunOf: first.id,
      version: first.version,
      args: ['x'],
      result: { tail: 'one\n' },
    });
    expect(await rerun('latest', { args: ['y'] })).toMatchObject({
      args: ['y'],
      labels: { a: 'b' },
      result: { tail: 'two\n' },
    });
  });
});

test('WORKER_CONCURRENCY attempts at once, and not one more', async () => {
  // The scripts' own times: a run's end is stored while the next script has its place already.
  const source = 'import time\nbegan = time.monotonic()\ntime.sleep(0.7)\nprint(began, time.monotonic())\n';
  const script = await das.putScript('second.py', source);
  const launch = (await das.call('createLaunch', { body: { items: Array.from({ length: 9 }, () => ({ script })) } }))
    .body;
  const ended = await Promise.all(launch.runs.map(({ id }) => das.waitFor(id)));
  const spans = ended.map(({ result }) => (result?.tail ?? '').split(' ').map(Number) as [number, number]);
  const atOnce = spans.map(([start]) => spans.filter(([from, to]) => from <= start && start < to).length);
  expect(Math.max(...atOnce)).toBe(4);
});

test('a launch runs in the order it was given, and two workers share it', async () => {
  const second = await das.addWorker();
  const script = await das.putScript('half.py', 'import time\ntime.sleep(0.3)\n');
  const launch = (await das.call('createLaunch', { body: { items: Array.from({ length: 24 }, () => ({ script })) } }))
    .body;
  const ended = await Promise.all(launch.runs.map(({ id }) => das.waitFor(id)));
  expect(ended.every(({ state, attemptCount }) => state === 'completed' && attemptCount === 1)).toBe(true);
  const perWorker = Map.groupBy(ended, ({ attempts }) => attempts[0]?.claims[0]?.workerId);
  expect([...perWorker.keys()]).toContain(second.id);
  expect(perWorker.size).toBe(2);
  for (const runs of perWorker.values()) expect(runs.length).toBeGreaterThanOrEqual(6);
  const started = ended.map(({ startedAt }) => Date.parse(startedAt ?? ''));
  expect(Math.max(...started.slice(0, 8))).toBeLessThan(Math.min(...started.slice(-4)));
  const workers = (await das.call('listWorkers')).body.items;
  expect(workers.map(({ state, concurrency }) => [state, concurrency])).toEqual([
    ['active', 4],
    ['active', 4],
  ]);
});

test('priority goes before age', async () => {
  const script = await das.putScript('third.py', 'import time\ntime.sleep(0.3)\n');
  const items = [...Array.from({ length: 16 }, () => ({ script, priority: 6 })), { script, priority: 1 }];
  const launch = (await das.call('createLaunch', { body: { items } })).body;
  const ended = await Promise.all(launch.runs.map(({ id }) => das.waitFor(id)));
  const order = ended.toSorted((a, b) => Date.parse(a.startedAt ?? '') - Date.parse(b.startedAt ?? ''));
  expect(order.findIndex(({ priority }) => priority === 1)).toBeLessThan(10); // eight places were taken at once
});

test('a worker that is killed: its run is lost, and another worker takes it up', async () => {
  const script = await das.putScript(
    'survives.py',
    'import os, time\nif os.environ["DAS_ATTEMPT"] == "1": time.sleep(60)\nprint("done")\n',
  );
  const run = await das.submit({ script });
  const running = await das.waitFor(run.id, ({ phase }) => phase === 'running' || phase === 'submitting', {
    everyMs: 20,
  });
  const worker = das.workers.find(({ id }) => id === running.workerId);
  das.kill(worker?.pid ?? 0);
  const ended = await das.waitFor(run.id);
  expect(ended).toMatchObject({ state: 'completed', failures: 0, losses: 1, result: { tail: 'done\n' } });
  expect(ended.attempts[0]).toMatchObject({ state: 'lost', loss: { kind: 'worker_lost' } });
});

test('spark-submit not found: submit_error, which names the setting, and no retry', async () => {
  await using lame = await startDas({ stub: true, workerEnv: { SPARK_SUBMIT: '/opt/no-spark-here/bin/spark-submit' } });
  const script = await lame.putScript('never.py', 'print(1)\n');
  const run = await lame.runToEnd({ script, retries: 3 });
  expect(run).toMatchObject({ state: 'failed', failures: 1, failure: { kind: 'submit_error' } });
  expect(run.failure?.summary).toContain('SPARK_SUBMIT');
});
