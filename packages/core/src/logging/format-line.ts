import { maskUri } from '../config/secrets.ts';

type LogRecord = { time: string; level: string; msg?: string; [field: string]: unknown };

/**
 * One record as `timestamp - LEVEL - message key=value …` on one line: a newline inside is written as `\n`,
 * so nobody can forge a line. Errors show their message and, on ERROR, their stack.
 */
export function formatLine({ time, level, msg, ...fields }: LogRecord): string {
  const details = Object.entries(fields).map(([key, value]) => `${key}=${show(value, level)}`);
  return maskUri(
    [`${time} - ${level} - ${msg ?? ''}`, ...details]
      .join(' ')
      .trimEnd()
      .replaceAll('\r', '\\r')
      .replaceAll('\n', '\\n'),
  );
}

function show(value: unknown, level: string): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  if (isError(value))
    return JSON.stringify(level === 'ERROR' || level === 'FATAL' ? (value.stack ?? value.message) : value.message);
  return JSON.stringify(value) ?? 'undefined';
}

function isError(value: unknown): value is { message: string; stack?: string } {
  return typeof value === 'object' && value !== null && 'message' in value && 'stack' in value;
}
