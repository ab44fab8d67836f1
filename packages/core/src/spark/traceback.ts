/** Reads Python tracebacks out of what a script printed. Pure. */

export interface RaisedException {
  /** As Python prints it: `ValueError`, `py4j.protocol.Py4JJavaError`. */
  type: string;
  /** The first line of its message; may be empty. */
  message: string;
}

export interface Traceback {
  /** The exception that ended the script. */
  raised: RaisedException;
  /** What it came from: `raise … from`, an exception while handling another, or the one inside a Python worker. */
  cause?: RaisedException & { how: 'cause' | 'handling' };
  /** The exception happened in a Python worker process (an UDF, an RDD function), and `raised` is that inner one. */
  inWorker: boolean;
  /** `script.py, line 7`, for errors of the compiler: there is no call stack then. */
  syntaxAt?: { file: string; line: number };
  /** From the first traceback of the chain to the end of the output. */
  text: string;
}

interface Block {
  /** Index of the `Traceback` line. */
  start: number;
  /** Index of the line that names the exception. */
  end: number;
  exception: RaisedException;
}

const HEADER = /Traceback \(most recent call last\):\s*$/;
const CAUSED = 'The above exception was the direct cause of the following exception:';
const HANDLING = 'During handling of the above exception, another exception occurred:';
const EXCEPTION = /^(?:\s*\| )?([A-Za-z_][\w.]*)(?:: ?(.*))?$/;
const SYNTAX_TYPE = /^(?:SyntaxError|IndentationError|TabError)$/;

/** More text than this after an exception: the script went on, so that was not what ended it. */
const MAX_LINES_AFTER = 60;

export function lastTraceback(output: string): Traceback | undefined {
  const lines = output.split(/\r?\n/);
  const blocks = readBlocks(lines);
  const last = blocks.at(-1);
  const compile = compileError(lines, last);
  if (compile) return compile;
  if (!last || linesAfter(lines, last.end) > MAX_LINES_AFTER) return undefined;

  let first = last;
  const result: Traceback = { raised: last.exception, inWorker: false, text: '' };
  for (let index = blocks.length - 2; index >= 0; index -= 1) {
    const block = blocks[index] as Block;
    const link = linkBetween(lines, block, first);
    if (link === undefined) break;
    if (link === 'worker') result.inWorker = true;
    else if (!result.cause || link === 'cause') result.cause = { ...block.exception, how: link };
    first = block;
  }
  if (/PythonException: *Traceback/.test(lines[last.start] ?? '')) result.inWorker = true;
  const syntaxAt = SYNTAX_TYPE.test(last.exception.type) ? placeBefore(lines, last.end) : undefined;
  return { ...result, ...(syntaxAt ? { syntaxAt } : {}), text: lines.slice(first.start).join('\n').trimEnd() };
}

function readBlocks(lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  lines.forEach((line, start) => {
    if (!HEADER.test(line)) return;
    // Stack lines are indented; the first that is not names the exception.
    let end = start + 1;
    while (end < lines.length && (/^\s/.test(lines[end] ?? '') || lines[end] === '')) end += 1;
    const match = EXCEPTION.exec(lines[end] ?? '');
    if (match?.[1]) blocks.push({ start, end, exception: { type: match[1], message: match[2]?.trim() ?? '' } });
  });
  return blocks;
}

function linkBetween(
  lines: readonly string[],
  earlier: Block,
  later: Block,
): 'cause' | 'handling' | 'worker' | undefined {
  const between = lines.slice(earlier.end + 1, later.start).filter((line) => line.trim() !== '');
  if (between.at(-1) === CAUSED) return 'cause';
  if (between.at(-1) === HANDLING) return 'handling';
  // An exception from a Python worker carries that worker's traceback as its message.
  return /PythonException$/.test(earlier.exception.type) && between.length === 0 ? 'worker' : undefined;
}

/** Java stack lines belong to the message of a Py4JJavaError, however many they are. */
function linesAfter(lines: readonly string[], end: number): number {
  return lines.slice(end + 1).filter((line) => line.trim() !== '' && !JAVA_STACK_LINE.test(line)).length;
}

export const JAVA_STACK_LINE =
  /^\s*(?:at [\w.$/<>]+[(\w$]|\.\.\. \d+ (?:more|common frames)|[\w.$/]+\([\w.]*(?:\.java|\.scala)?(?::\d+|Native Method|Unknown Source)\))/;

/** A script that does not compile: `  File "x.py", line 2`, the line, a caret, `SyntaxError: …`, without a Traceback. */
function compileError(lines: readonly string[], last: Block | undefined): Traceback | undefined {
  let end = lines.length - 1;
  while (end >= 0 && (lines[end] ?? '').trim() === '') end -= 1;
  const match = EXCEPTION.exec(lines[end] ?? '');
  if (!match?.[1] || !SYNTAX_TYPE.test(match[1]) || last?.end === end) return undefined;
  const syntaxAt = placeBefore(lines, end);
  if (!syntaxAt) return undefined;
  const start = lines.findLastIndex((line, index) => index < end && /^ {2}File "/.test(line));
  return {
    raised: { type: match[1], message: match[2]?.trim() ?? '' },
    inWorker: false,
    syntaxAt,
    text: lines.slice(start, end + 1).join('\n'),
  };
}

function placeBefore(lines: readonly string[], end: number): { file: string; line: number } | undefined {
  for (let index = end - 1; index >= Math.max(0, end - 5); index -= 1) {
    const match = /^ {2}File "(.+)", line (\d+)/.exec(lines[index] ?? '');
    if (match?.[1]) return { file: match[1].split('/').at(-1) ?? match[1], line: Number(match[2]) };
  }
  return undefined;
}
