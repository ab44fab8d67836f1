import { dirname, basename } from 'node:path';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { createStream } from 'rotating-file-stream';

/** The one writer of the console and of the log file: the launcher's own lines and those of its children, as they are. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  /** Passes on a child's lines. */
  follow(stream: Readable | null): void;
  close(): Promise<void>;
}

export function openLog(options: {
  file: string | undefined;
  format: 'text' | 'json';
  console: NodeJS.WritableStream;
}): Log {
  const file = options.file === undefined ? undefined : rotated(options.file, options.console);
  const write = (line: string) => {
    options.console.write(`${line}\n`);
    file?.write(`${line}\n`);
  };
  const own = (level: string) => (message: string) => write(formatLine(options.format, new Date(), level, message));
  return {
    info: own('INFO'),
    warn: own('WARN'),
    error: own('ERROR'),
    follow(stream) {
      if (stream) createInterface({ input: stream, crlfDelay: Infinity }).on('line', write);
    },
    close: () => new Promise((resolve) => (file ? file.end(() => resolve()) : resolve())),
  };
}

export function formatLine(format: 'text' | 'json', at: Date, level: string, message: string): string {
  const time = at.toISOString();
  return format === 'json'
    ? JSON.stringify({ time, level: level.toLowerCase(), name: 'launcher', msg: message })
    : `${time} - ${level} - ${message}`;
}

function rotated(path: string, console: NodeJS.WritableStream) {
  mkdirSync(dirname(path), { recursive: true });
  const stream = createStream(basename(path), { path: dirname(path), size: '16M', maxFiles: 5, mode: 0o600 });
  stream.on('error', (error) => console.write(`! ${path}: ${error.message}\n`)); // a full disk must not stop the stack
  return stream;
}
