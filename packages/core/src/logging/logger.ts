import { Writable } from 'node:stream';
import pino from 'pino';
import { createStream } from 'rotating-file-stream';
import { maskUri } from '../config/secrets.ts';
import { formatLine } from './format-line.ts';

export type Logger = pino.Logger;

export type LoggingOptions = {
  level: string;
  format: 'text' | 'json';
  /** Path of the log file; empty = console only. Rotated at 10 MB, 5 old ones kept. */
  file: string;
  console?: NodeJS.WritableStream;
};

/**
 * The logger of a process: every line to the console and to the file, as `timestamp - LEVEL - message` or JSON.
 * Lines about a run carry `runId` and `attempt` (`log.child({runId, attempt})`). Passwords in URIs are masked.
 * `close` waits until the file is written.
 */
export function createLogger(options: LoggingOptions): { log: Logger; close: () => Promise<void> } {
  const console = options.console ?? process.stdout;
  const file = options.file ? openLogFile(options.file) : null;
  const lineOf = (record: string) =>
    options.format === 'json' ? maskUri(record) : `${formatLine(JSON.parse(record))}\n`;
  const put = (lines: string, done: () => void) => {
    console.write(lines);
    if (file) file.write(lines, () => done());
    else done();
  };
  const sink = new Writable({
    decodeStrings: false,
    write: (record: string, _encoding, done) => put(lineOf(record), done),
    // What is said while the file is being written goes along with the next write of it.
    writev: (records, done) => put(records.map(({ chunk }) => lineOf(chunk as string)).join(''), done),
  });
  const log = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
      serializers: { error: (error: unknown) => (error instanceof Error ? tell(error) : error) },
    },
    sink,
  );
  const close = () =>
    new Promise<void>((resolve) => {
      sink.end(() => (file ? file.end(() => resolve()) : resolve()));
    });
  return { log, close };
}

/** What a log line says of an error; JSON alone would leave out its message. */
function tell({ name, message, stack, cause }: Error): Record<string, unknown> {
  return { name, message, stack, ...(cause instanceof Error ? { cause: cause.message } : {}) };
}

/** A file that cannot be written must not stop the process: it is said once on stderr, and the console goes on. */
function openLogFile(path: string) {
  const stream = createStream(path, { size: '10M', maxFiles: 5 });
  let said = false;
  stream.on('error', (error: Error) => {
    if (!said) process.stderr.write(`LOG_FILE ${path} cannot be written: ${error.message}\n`);
    said = true;
  });
  return stream;
}
