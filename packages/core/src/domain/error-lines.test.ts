import type { Stream } from '@das/contracts/states';
import { describe, expect, it } from 'vitest';
import { ErrorLines } from './error-lines.ts';

/** The numbers (from 1) of the lines that speak of an error. */
function errorsOf(text: string, stream: Stream = 'stdout'): number[] {
  const lines = new ErrorLines();
  return text.split('\n').flatMap((line, index) => (lines.isError(stream, line) ? [index + 1] : []));
}

describe('lines that speak of an error', () => {
  it.each([
    '26/11/22 10:00:00 ERROR Executor: Exception in task 0.0',
    '2026-11-22 10:00:00,123 - CRITICAL - no disk',
    '[ERROR] failed',
    '\u001b[31mERROR\u001b[0m failed',
    'ValueError: no such column',
    'KeyboardInterrupt',
    'py4j.protocol.Py4JJavaError: An error occurred while calling o61.count.',
    ': org.apache.spark.SparkException: Job aborted',
    'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space',
    'Caused by: java.net.ConnectException: Connection refused',
    '\tat org.apache.spark.rdd.RDD.iterator(RDD.scala:323)',
    '\t... 12 more',
  ])('%j is one', (line) => expect(errorsOf(line)).toEqual([1]));

  it.each([
    '26/11/22 10:00:00 WARN NativeCodeLoader: Unable to load native-hadoop library',
    'INFO no error here',
    'errors: 0',
    'the table ERRORS was read',
    'We met at the station',
    '    at noon',
    `${'x'.repeat(200)} ERROR is far into a line of data`,
    '',
  ])('%j is none', (line) => expect(errorsOf(line)).toEqual([]));

  it('takes a traceback with what it quotes, up to the exception', () => {
    const log = [
      'before',
      'Traceback (most recent call last):',
      '  File "/job.py", line 3, in <module>',
      '    total = load()',
      '            ^^^^^^',
      'RuntimeError: no data',
      'after',
      '    indented, and nothing of it',
    ].join('\n');
    expect(errorsOf(log)).toEqual([2, 3, 4, 5, 6]);
  });

  it('finds its way from the middle of a traceback', () => {
    expect(errorsOf('    total = load()\n  File "/job.py", line 9, in load\n    raise Stop\nStop\nafter')).toEqual([
      2, 3, 4,
    ]);
  });

  it('keeps the streams apart', () => {
    const lines = new ErrorLines();
    expect(lines.isError('stdout', 'Traceback (most recent call last):')).toBe(true);
    expect(lines.isError('stderr', '  indented')).toBe(false);
    expect(lines.isError('stdout', '  File "x.py", line 1')).toBe(true);
  });
});
