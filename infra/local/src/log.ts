import { dirname, basename } from 'node:path';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { createStream } from 'rotating-file-stream';

/** What ended children still had in their pipes; a grandchild that holds a pipe open is not waited for. */
const LAST_WORDS_MS = 500;

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
  /** The terminal, a line at a time. */
  print: (line: string) => void;
}): Log {
  const file = options.file === undefined ? undefined : rotated(options.file, options.print);
  const following = new Set<Promise<unknown>>();
  const write = (line: string) => {
    options.print(line);
    file?.write(`${line}\n`);
  };
  const own = (level: string) => (message: string) => write(formatLine(options.format, new Date(), level, message));
  return {
    info: own('INFO'),
    warn: own('WARN'),
    error: own('ERROR'),
    follow(stream) {
      if (!stream) return;
      const lines = createInterface({ input: stream, crlfDelay: Infinity }).on('line', write);
      const ended: Promise<unknown> = once(lines, 'close').then(() => following.delete(ended));
      following.add(ended);
    },
    async close() {
      await Promise.race([Promise.all(following), delay(LAST_WORDS_MS)]);
      if (file) await new Promise<void>((resolve) => file.end(() => resolve()));
    },
  };
}

export function formatLine(format: 'text' | 'json', at: Date, level: string, message: string): string {
  const time = at.toISOString();
  return format === 'json'
    ? JSON.stringify({ time, level: level.toLowerCase(), name: 'launcher', msg: message })
    : `${time} - ${level} - ${message}`;
}

function rotated(path: string, print: (line: string) => void) {
  mkdirSync(dirname(path), { recursive: true });
  const stream = createStream(basename(path), { path: dirname(path), size: '16M', maxFiles: 5, mode: 0o600 });
  stream.on('error', (error) => print(`! ${path}: ${error.message}`)); // a full disk must not stop the stack
  return stream;
}
