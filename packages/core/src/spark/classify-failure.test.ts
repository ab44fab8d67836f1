import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { classifyFailure } from './classify-failure.ts';
import type { Failure, FailedProcess } from './classify-failure.ts';

/**
 * `fixtures/` holds what spark-submit of Spark 4.3.0 really printed (INFO lines and repeated Java stack lines left out,
 * folders renamed).
 */
function printed(name: string, stream: 'stdout' | 'stderr'): string {
  const file = new URL(`./fixtures/${name}.${stream}.txt`, import.meta.url);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function classify(process: Partial<FailedProcess>): Failure {
  return classifyFailure({
    exit: { code: 1, signal: null },
    stdout: '',
    stderr: '',
    sparkSubmit: '/opt/submit',
    ...process,
  });
}

describe('real outputs', () => {
  test.each([
    [
      'chained',
      1,
      'python_error',
      "RuntimeError: cannot load row 7 (caused by ValueError: invalid literal for int() with base 10: 'zwölf')",
    ],
    [
      'during',
      1,
      'python_error',
      "FileNotFoundError: [Errno 2] No such file or directory: '/nonexistent/x' (while handling KeyError: 'k')",
    ],
    ['nomod', 1, 'python_error', "ModuleNotFoundError: No module named 'no_such_module'"],
    ['syntax', 1, 'python_syntax', 'SyntaxError: invalid syntax (syntax.py, line 2)'],
    [
      'indent',
      1,
      'python_syntax',
      'IndentationError: expected an indented block after function definition on line 1 (indent.py, line 2)',
    ],
    ['syntax_rt', 1, 'python_error', 'SyntaxError: invalid syntax'],
    ['memerr', 1, 'out_of_memory', 'the script ran out of memory: MemoryError'],
    ['exit3', 3, 'exit_code', 'the script ended with exit code 3'],
    ['exitmsg', 1, 'exit_code', 'the script ended with exit code 1'],
    ['kill9', 137, 'exit_code', 'the script ended with exit code 137, possibly killed by signal 9 (SIGKILL)'],
    ['udf', 1, 'python_error', 'ZeroDivisionError: integer division or modulo by zero (in a Python worker)'],
    ['rdd', 1, 'python_error', 'ZeroDivisionError: division by zero (in a Python worker)'],
    ['analysis', 1, 'spark_error', /^AnalysisException: \[UNRESOLVED_COLUMN.WITH_SUGGESTION\] .*`nope`/],
    ['ansi', 1, 'spark_error', /^NumberFormatException: \[CAST_INVALID_INPUT\]/],
    ['conn', 1, 'spark_error', /^java\.net\.ConnectException: Call From .* Connection refused/],
    ['worker_killed', 1, 'spark_error', /Python worker exited unexpectedly/],
    [
      'badconf',
      1,
      'spark_error',
      /caused by .*The value 'abc' in the config "spark.sql.shuffle.partitions" is invalid/,
    ],
    ['badmaster2', 1, 'spark_error', /SPARK_MASTER/],
    ['oom', 52, 'out_of_memory', /OutOfMemoryError: Java heap space; give spark.driver.memory/],
    [
      'badmaster',
      1,
      'submit_error',
      'Master must either be yarn or start with spark, k8s, or local: check SPARK_MASTER',
    ],
    ['badopt', 1, 'submit_error', /^Unrecognized option: --bogus/],
    ['badmem', 1, 'submit_error', 'Invalid maximum heap size: -Xmx12q: check spark.driver.memory'],
    ['noprops', 1, 'submit_error', "Invalid properties file '/nope.conf': check SPARK_PROPERTIES_FILE"],
    ['noscript', 2, 'submit_error', /WORKER_DIR/],
    ['nopy', 127, 'submit_error', /PYSPARK_PYTHON/],
    ['nojava', 1, 'submit_error', /Java/],
  ])('%s', (name, code, kind, summary) => {
    const stdout = printed(name, 'stdout');
    const failure = classify({ exit: { code, signal: null }, stdout, stderr: printed(name, 'stderr') });
    expect(failure.kind).toBe(kind);
    if (typeof summary === 'string') expect(failure.summary).toBe(summary);
    else expect(failure.summary).toMatch(summary);
    expect(failure.excerpt).not.toBe('');
    expect(Buffer.byteLength(failure.excerpt)).toBeLessThanOrEqual(4096);
    expect(failure.excerpt.includes('\tat org.apache.spark.rdd')).toBe(false);
  });

  test('the excerpt of a chain shows both ends of it', () => {
    const { excerpt } = classify({ stdout: printed('chained', 'stdout') });
    expect(excerpt).toContain("ValueError: invalid literal for int() with base 10: 'zwölf'");
    expect(excerpt).toMatch(/RuntimeError: cannot load row 7$/);
  });
});

describe('spark-submit that cannot be started', () => {
  test.each([
    [{ exit: { code: null, signal: null, spawnError: 'ENOENT' } }, '/opt/submit'],
    [{ exit: { code: null, signal: null, spawnError: 'EACCES' } }, 'not executable'],
    [{ exit: { code: 127, signal: null }, stderr: 'sh: 1: /opt/submit: not found' }, '/opt/submit'],
    [{ exit: { code: 126, signal: null } }, '/opt/submit'],
  ])('%j', (process, told) => {
    const failure = classify(process);
    expect(failure.kind).toBe('submit_error');
    expect(failure.summary).toContain('SPARK_SUBMIT');
    expect(failure.summary).toContain(told);
  });
});

describe('signals and memory', () => {
  test('spark-submit itself was signalled', () => {
    const failure = classify({ exit: { code: null, signal: 'SIGKILL' }, stdout: 'working\n' });
    expect(failure).toMatchObject({ kind: 'signal', summary: 'spark-submit was ended by SIGKILL' });
  });

  test('137 with the shell’s or the kernel’s word is a lack of memory', () => {
    const exit = { code: 137, signal: null };
    expect(classify({ exit, stdout: 'sorting\nKilled\n' }).kind).toBe('out_of_memory');
    expect(
      classify({ exit, stderr: 'Memory cgroup out of memory: Out of memory: Killed process 7 (python3)' }).kind,
    ).toBe('out_of_memory');
    expect(classify({ exit, stdout: 'Killed 3 rows\nnext\n' }).kind).toBe('exit_code');
  });

  test('a script whose JVM ran out of memory', () => {
    const stdout =
      'Traceback (most recent call last):\n  File "x.py", line 1, in <module>\nConnectionRefusedError: [Errno 111]\n';
    expect(classify({ stdout, stderr: 'java.lang.OutOfMemoryError: GC overhead limit exceeded\n' }).kind).toBe(
      'out_of_memory',
    );
  });

  test.each([
    [{ code: 137, signal: null }, '', 'out_of_memory'],
    [{ code: null, signal: 'SIGKILL' }, '', 'out_of_memory'],
    [{ code: 1, signal: null }, printed('worker_killed', 'stdout'), 'out_of_memory'],
    [{ code: 3, signal: null }, '', 'exit_code'],
    [{ code: 1, signal: null }, 'nothing of the kind\n', 'exit_code'],
  ])('the kernel killed for memory meanwhile, and %j', (exit, stdout, kind) => {
    expect(classify({ exit, stdout, oomKilled: true }).kind).toBe(kind);
  });

  test('52 alone proves nothing: a script may exit with it', () => {
    const failure = classify({ exit: { code: 52, signal: null } });
    expect(failure.kind).toBe('exit_code');
    expect(failure.summary).toMatch(/exit code 52, which Spark also ends with when it runs out of memory/);
  });

  test('talk of memory alone proves nothing', () => {
    expect(classify({ exit: { code: 3, signal: null }, stdout: 'java.lang.OutOfMemoryError\n' }).kind).toBe(
      'exit_code',
    );
    const stdout = 'Traceback (most recent call last):\n  File "x.py", line 1, in <module>\nValueError: no\n';
    expect(classify({ stdout, stderr: 'java.lang.OutOfMemoryError: Java heap space\n' }).kind).toBe('python_error');
  });
});

describe('tracebacks that did not end the script', () => {
  const handled = 'Traceback (most recent call last):\n  File "x.py", line 1, in <module>\nKeyError: 1\n';

  test('another exit code than 1', () => {
    expect(classify({ exit: { code: 4, signal: null }, stdout: handled }).kind).toBe('exit_code');
  });

  test('much output after it', () => {
    expect(classify({ stdout: handled + 'row\n'.repeat(100) }).kind).toBe('exit_code');
  });

  test('what is printed while Python goes down does not hide it', () => {
    expect(classify({ stdout: `${handled}closing the pool\n` }).kind).toBe('python_error');
  });
});

test('Spark 3: the Python traceback inside a Java exception', () => {
  const stdout = `Traceback (most recent call last):
  File "/scripts/x.py", line 3, in <module>
    df.collect()
py4j.protocol.Py4JJavaError: An error occurred while calling o1.collectToPython.
: org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 0.0 failed 1 times
Caused by: org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File "/scripts/x.py", line 2, in bad
ZeroDivisionError: division by zero

\tat org.apache.spark.api.python.BasePythonRunner$ReaderIterator.handlePythonException(PythonRunner.scala:572)
\t... 1 more
`;
  expect(classify({ stdout })).toMatchObject({
    kind: 'python_error',
    summary: 'ZeroDivisionError: division by zero (in a Python worker)',
  });
});

test('a driver that failed on the cluster', () => {
  const stderr =
    'Exception in thread "main" org.apache.spark.SparkException: Application application_1763_0001 finished with failed status\n';
  expect(classify({ stderr }).kind).toBe('spark_error');
});

test('the excerpt is cut between characters', () => {
  const { excerpt } = classify({ exit: { code: 5, signal: null }, stdout: 'ü€😀'.repeat(5000) });
  expect(Buffer.byteLength(excerpt)).toBeLessThanOrEqual(4096);
  expect(excerpt.includes('\ufffd')).toBe(false);
});

test.each([
  'ExecutorLostFailure (executor 3 exited caused by one of the running tasks) Reason: Container killed by YARN for exceeding memory limits. 5.5 GB of 5.5 GB physical memory used.',
  'Diagnostics: Container [pid=123,containerID=container_1763_0001_01_000002] is running beyond physical memory limits. Current usage: 2.1 GB of 2 GB physical memory used',
  "Container [pid=123,containerID=container_1763_0001_01_000002] is running 5242880B beyond the 'PHYSICAL' memory limit. Current usage: 1.0 GB of 1 GB",
])('a container that YARN has killed: %s', (line) => {
  const stderr = `26/11/27 12:00:00 ERROR YarnScheduler: Lost executor 3\n${line}\n`;
  expect(classify({ stderr })).toMatchObject({ kind: 'out_of_memory', excerpt: expect.stringContaining(line) });
});

test('128 KiB that begin to look like it again and again hold nobody up', () => {
  for (const words of ['Container is running beyond ', 'ExecutorLostFailure ']) {
    const stderr = words.repeat(2 ** 17 / words.length);
    expect(classify({ stderr, exit: { code: 137, signal: null } }).kind).toBe('exit_code');
  }
});
