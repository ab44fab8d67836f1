import { constants } from 'node:os';
import { lastTraceback, JAVA_STACK_LINE } from './traceback.ts';
import type { RaisedException, Traceback } from './traceback.ts';

/**
 * Why an attempt failed, told from how spark-submit ended and what was printed. Pure. Time-outs and cancels are the caller's:
 * whoever killed the process knows why. Patterns were taken from real outputs of Spark 4.3.0 (classify-failure.test.ts).
 */

export type ClassifiedKind =
  'exit_code' | 'signal' | 'out_of_memory' | 'python_error' | 'python_syntax' | 'spark_error' | 'submit_error';

export interface Failure {
  kind: ClassifiedKind;
  /** One line for people. */
  summary: string;
  /** The lines that show it, ≤ 4 KiB of UTF-8; may be empty. */
  excerpt: string;
}

export interface FailedProcess {
  /** How spark-submit ended; `spawnError` when it never started (`ENOENT`, `EACCES`). */
  exit: { code: number | null; signal: string | null; spawnError?: string | undefined };
  /** The kernel killed something here for lack of memory meanwhile; whose process it was it does not say. */
  oomKilled?: boolean;
  /** The script's both streams: head and tail, 64 KiB or so of each. */
  stdout: string;
  /** spark-submit's own stream, likewise. */
  stderr: string;
  /** SPARK_SUBMIT, for the message. */
  sparkSubmit: string;
}

const MAX_EXCERPT_BYTES = 4096;
const MAX_SUMMARY = 500;

export function classifyFailure(process: FailedProcess): Failure {
  const traceback = process.exit.code === 1 ? lastTraceback(process.stdout) : undefined;
  const failure =
    neverStarted(process) ??
    outOfMemory(process, traceback) ??
    signalled(process) ??
    submitError(process) ??
    (traceback ? fromTraceback(traceback, process) : (sparkLauncherError(process) ?? exitCode(process)));
  return { kind: failure.kind, summary: oneLine(failure.summary), excerpt: clip(failure.excerpt) };
}

function neverStarted({ exit: { code, spawnError }, stdout, stderr, sparkSubmit }: FailedProcess): Failure | undefined {
  const fix = `set SPARK_SUBMIT to the spark-submit of your Spark`;
  if (spawnError === 'EACCES') return submit(`${sparkSubmit} is not executable: ${fix}`, stderr);
  if (spawnError !== undefined)
    return submit(`spark-submit was not found at ${sparkSubmit} (${spawnError}): ${fix}`, stderr);
  if (stdout.trim() !== '') return undefined;
  if (/PYSPARK_PYTHON|find-spark-home: line \d+: .*python/.test(stderr)) {
    return submit('spark-submit found no Python: check PYSPARK_PYTHON of the worker', stderr);
  }
  if (/JAVA_HOME is not set|bin\/java: No such file|java: (?:command )?not found/.test(stderr)) {
    return submit('spark-submit found no Java: install Java 17 or newer, or set JAVA_HOME of the worker', stderr);
  }
  if (code === 127) return submit(`${sparkSubmit} is not a working spark-submit: ${fix}`, stderr);
  if (code === 126) return submit(`${sparkSubmit} cannot be executed: ${fix}`, stderr);
  return undefined;
}

const submit = (summary: string, excerpt: string): Failure => ({
  kind: 'submit_error',
  summary,
  excerpt: head(excerpt),
});

/** Exceptions of a script whose JVM is gone: they say that it died, not why. */
const LOST_JVM =
  /^(?:py4j\.|pyspark\.|ConnectionRefusedError|ConnectionResetError|BrokenPipeError|OSError|EOFError|Exception$)/;
const OUT_OF_MEMORY_LINES = [
  /java\.lang\.OutOfMemoryError/,
  /Out of memory: Killed process|oom-kill|OOMKilled/,
  /Container (?:killed by YARN for exceeding|\S+ is running (?:\S+ )?beyond) .{0,40}memory/,
  /ExecutorLostFailure .*(?:OOM|exceeding memory limits|exit code:? (?:52|137))/,
];
/** The rest of a longer line is not looked at: a form may need the square of a line's length. */
const MAX_LINE = 2048;
/** Spark's own exit code for an OutOfMemoryError that nobody caught; a script may exit with it, too, so alone it proves nothing. */
const SPARK_OOM_EXIT = 52;

function outOfMemory(process: FailedProcess, traceback: Traceback | undefined): Failure | undefined {
  const { exit, stdout, stderr } = process;
  const raised =
    traceback &&
    [traceback.raised, traceback.cause].find((at) => /(?:MemoryError|OutOfMemoryError)$/.test(at?.type ?? ''));
  if (traceback && raised) {
    const where = traceback.inWorker ? 'a Python worker' : 'the script';
    return {
      kind: 'out_of_memory',
      summary: `${where} ran out of memory: ${phrase(raised)}`,
      excerpt: withoutJavaStack(traceback.text),
    };
  }
  if (wasOomKilled(process)) {
    const summary = 'the kernel killed a process of the run because memory ran out; give it more, or run fewer at once';
    return { kind: 'out_of_memory', summary, excerpt: tail(withoutJavaStack(stdout || stderr)) };
  }
  // A script that failed for a reason of its own did so even if some task had run out of memory before.
  if (traceback && !LOST_JVM.test(traceback.raised.type)) return undefined;
  const logs = [stderr, traceback?.text ?? ''];
  const line = OUT_OF_MEMORY_LINES.map((form) => logs.map((log) => lineLike(log, form)).find(Boolean)).find(Boolean);
  if (line !== undefined) {
    const evidence = line.trim();
    const summary = `Spark ran out of memory: ${evidence}; give spark.driver.memory or spark.executor.memory more`;
    return {
      kind: 'out_of_memory',
      summary,
      excerpt: withoutJavaStack(traceback?.text ?? linesAround(stderr, evidence)),
    };
  }
  // A shell that ran part of the script says this when the kernel has killed that part.
  if (exit.code === 137 && /(?:^|\s)Killed$/.test((stdout + stderr).trimEnd())) {
    return {
      kind: 'out_of_memory',
      summary: 'a process of the script was killed, most likely because memory ran out',
      excerpt: tail(stdout || stderr),
    };
  }
  return undefined;
}

function lineLike(text: string, form: RegExp): string | undefined {
  return text.split('\n').find((line) => form.test(line.slice(0, MAX_LINE)));
}

/** A SIGKILL that nobody here sent, while the kernel says that it killed for memory: of the script, spark-submit or a Python worker. */
function wasOomKilled({ exit: { code, signal }, stdout, oomKilled }: FailedProcess): boolean {
  if (!oomKilled) return false;
  return signal === 'SIGKILL' || code === 137 || (code === 1 && /Python worker exited unexpectedly/.test(stdout));
}

function signalled({ exit: { signal }, stderr }: FailedProcess): Failure | undefined {
  if (signal === null) return undefined;
  return { kind: 'signal', summary: `spark-submit was ended by ${signal}`, excerpt: tail(withoutJavaStack(stderr)) };
}

/** spark-submit refused before the script began. */
const SUBMIT_ERRORS: readonly [RegExp, (match: RegExpExecArray) => string][] = [
  [/^Error: (Invalid properties file .*?)\.?$/m, ([, told]) => `${told}: check SPARK_PROPERTIES_FILE`],
  [
    /^Error: (Unrecognized option.*|Missing application resource.*)$/m,
    ([, told]) => `${told}: is SPARK_SUBMIT a spark-submit of Spark 3 or newer?`,
  ],
  [/^(Invalid (?:maximum|initial) heap size.*)$/m, ([, told]) => `${told}: check spark.driver.memory`],
  [
    /^Error: (Could not create the Java Virtual Machine.*)$/m,
    ([, told]) => `${told} Check spark.driver.memory and JAVA_HOME`,
  ],
  [
    /^Exception in thread "main" .*?: (Master must .*|Could not parse Master URL.*|.*Invalid master URL.*)$/m,
    ([, told]) => `${told}: check SPARK_MASTER`,
  ],
  [
    /^.*(When running with master 'yarn' either HADOOP_CONF_DIR or YARN_CONF_DIR must be set.*)$/m,
    ([, told]) => `${told}: check SPARK_MASTER`,
  ],
  [
    /Cannot run program "([^"]+)"/,
    ([, program]) => `spark-submit cannot run ${program}: check PYSPARK_PYTHON of the worker`,
  ],
  [/^(?:Error|Exception in thread "main" [\w.$]+): (.*)$/m, ([, told]) => `spark-submit refused: ${told}`],
];

function submitError({ exit, stdout, stderr }: FailedProcess): Failure | undefined {
  if (exit.code === 2 && /can't open file '/.test(stdout)) {
    return submit("the worker's copy of the script was not there: check WORKER_DIR", stdout);
  }
  if (
    stdout.trim() !== '' ||
    !/^Error: |^Invalid .* heap size|deploy\.SparkSubmit|When running with master 'yarn'/m.test(stderr)
  )
    return undefined;
  if (/finished with failed status|SparkUserAppException/.test(stderr)) return undefined;
  for (const [form, tell] of SUBMIT_ERRORS) {
    const match = form.exec(stderr);
    if (match) return submit(tell(match), linesAround(stderr, match[0]));
  }
  return undefined;
}

/** The client of a cluster tells the end of a driver that ran elsewhere. */
function sparkLauncherError({ stderr }: FailedProcess): Failure | undefined {
  const match = /^Exception in thread "main" ([\w.$]+: .*)$/m.exec(stderr);
  if (!match?.[1] || match[1].includes('SparkUserAppException')) return undefined;
  return { kind: 'spark_error', summary: match[1], excerpt: withoutJavaStack(linesAround(stderr, match[0])) };
}

function fromTraceback(traceback: Traceback, { stderr }: FailedProcess): Failure {
  const { raised, cause, inWorker, syntaxAt } = traceback;
  const excerpt = withoutJavaStack(traceback.text);
  if (syntaxAt && !syntaxAt.file.startsWith('<')) {
    return { kind: 'python_syntax', summary: `${phrase(raised)} (${syntaxAt.file}, line ${syntaxAt.line})`, excerpt };
  }
  if (/^(?:py4j|pyspark)\./.test(raised.type)) return sparkError(traceback, excerpt, stderr);
  const worker = inWorker ? ' (in a Python worker)' : '';
  const from = cause ? ` (${cause.how === 'cause' ? 'caused by' : 'while handling'} ${phrase(cause)})` : '';
  return { kind: 'python_error', summary: `${phrase(raised)}${worker}${from}`, excerpt };
}

function sparkError({ raised, text }: Traceback, excerpt: string, stderr: string): Failure {
  if (/All masters are unresponsive/.test(stderr)) {
    return { kind: 'spark_error', summary: 'the Spark master does not answer: check SPARK_MASTER', excerpt };
  }
  // Py4J puts the Java exception on a line of its own: ": java.net.ConnectException: Call From …".
  const java = raised.type.endsWith('Py4JJavaError') ? /^: (.+)$/m.exec(text)?.[1] : undefined;
  const root = [...text.matchAll(/^Caused by: (.+)$/gm)].at(-1)?.[1];
  const shortType = raised.type.split('.').at(-1) ?? raised.type;
  const top = (java ?? `${shortType}: ${raised.message}`).slice(0, 320);
  const summary = root !== undefined && !top.includes(root) ? `${top}; caused by ${root}` : top;
  return { kind: 'spark_error', summary, excerpt };
}

function exitCode({ exit: { code }, stdout, stderr }: FailedProcess): Failure {
  const number = code === null ? undefined : code - 128;
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  // Java reports a child that a signal ended as 128 + n; a script may also just exit with such a number.
  const signalled = number !== undefined && name !== undefined ? `, possibly killed by signal ${number} (${name})` : '';
  const possibly = code === SPARK_OOM_EXIT ? ', which Spark also ends with when it runs out of memory' : signalled;
  return {
    kind: 'exit_code',
    summary: `the script ended with exit code ${code ?? 'unknown'}${possibly}`,
    excerpt: tail(stdout.trim() === '' ? withoutJavaStack(stderr) : stdout),
  };
}

const phrase = ({ type, message }: RaisedException): string => (message === '' ? type : `${type}: ${message}`);

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= MAX_SUMMARY ? line : `${line.slice(0, MAX_SUMMARY - 1).toWellFormed()}…`;
}

function withoutJavaStack(text: string): string {
  return text
    .split('\n')
    .filter((line) => !JAVA_STACK_LINE.test(line))
    .join('\n');
}

const head = (text: string): string => text.trim().split('\n').slice(0, 20).join('\n');
const tail = (text: string): string => text.trimEnd().split('\n').slice(-20).join('\n');

function linesAround(text: string, evidence: string): string {
  const lines = text.split('\n');
  const at = Math.max(
    0,
    lines.findIndex((line) => line.includes(evidence.split('\n')[0] ?? evidence)),
  );
  return lines
    .slice(Math.max(0, at - 2), at + 18)
    .join('\n')
    .trim();
}

/** Keeps the end, where the cause stands, and the first line; no character is split. */
function clip(text: string): string {
  const bytes = Buffer.from(text.trimEnd());
  if (bytes.length <= MAX_EXCERPT_BYTES) return bytes.toString();
  const mark = '…\n';
  let start = bytes.length - (MAX_EXCERPT_BYTES - Buffer.byteLength(mark));
  while (((bytes[start] ?? 0) & 0b1100_0000) === 0b1000_0000) start += 1;
  return mark + bytes.subarray(start).toString();
}
