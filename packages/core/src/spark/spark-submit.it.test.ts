import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { classifyFailure } from './classify-failure.ts';
import { Sightings } from './observe-output.ts';
import type { Sighting } from './observe-output.ts';
import { askApplicationId } from './spark-ui.ts';
import { buildSubmitArgv } from './submit-command.ts';

/** With a real spark-submit. */
const { sparkSubmit, pysparkPython } = inject('stack');
let directory: string;
beforeAll(async () => (directory = await mkdtemp(join(tmpdir(), 'das-spark-'))));
afterAll(() => rm(directory, { recursive: true, force: true }));

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function submit(
  source: string,
  args: string[],
  onSighting: (sighting: Sighting) => void = () => undefined,
): Promise<Ended> {
  const scriptPath = join(directory, 'script.py');
  await writeFile(scriptPath, source);
  const command = {
    sparkSubmit,
    master: 'local[1]',
    conf: {},
    pyFiles: [],
    files: [],
    appName: 'it',
    scriptPath,
    args,
  };
  const [file = '', ...argv] = buildSubmitArgv(command);
  const sightings = new Sightings('127.0.0.1');
  return new Promise((resolve, reject) => {
    const child = spawn(file, argv, {
      env: { ...process.env, PYSPARK_PYTHON: pysparkPython, SPARK_LOCAL_IP: '127.0.0.1', LC_ALL: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended: Ended = { code: null, stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (ended.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (ended.stderr += text));
    createInterface({ input: child.stderr }).on('line', (line) => sightings.in(line).forEach(onSighting));
    child.once('error', reject).once('close', (code) => resolve({ ...ended, code }));
  });
}

test('arguments arrive byte for byte', async () => {
  const args = [
    '',
    'a b',
    'x\ny',
    '"',
    "'",
    '$HOME `id`',
    '*',
    '\\',
    '日本 🚀',
    '--conf',
    '--help',
    '-',
    '${env:HOME}',
  ];
  const { stdout } = await submit('import json, sys\nprint(json.dumps(sys.argv[1:]))\n', args);
  expect(JSON.parse(stdout)).toEqual(args);
});

test('the application id and the Spark UI are found while the script runs', async () => {
  const source = `
import time
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
time.sleep(3)
print(spark.sparkContext.applicationId, spark.sparkContext.uiWebUrl)
spark.stop()
`;
  let id: Promise<string | null> | undefined;
  let ui: string | undefined;
  const { stdout } = await submit(source, [], (sighting) => {
    if (sighting.kind !== 'ui') return;
    ui = sighting.url;
    id = askApplicationId(sighting.url, { deadlineMs: 10_000 });
  });
  expect(stdout.trim()).toBe(`${await id} ${ui}`);
  expect(await askApplicationId(String(ui), { deadlineMs: 1000 })).toBeNull();
});

test('a failing script is classified from what was really printed', async () => {
  const { code, stdout, stderr } = await submit('def f():\n    raise ValueError("zwölf")\nf()\n', []);
  const failure = classifyFailure({ exit: { code, signal: null }, stdout, stderr, sparkSubmit });
  expect(failure).toMatchObject({ kind: 'python_error', summary: 'ValueError: zwölf' });
});
