import { hasCause } from '@das/contracts/cause';
import { describe, expect, it } from 'vitest';
import { causeOf, causePattern } from './failure-cause.ts';

describe('the cause of a failure', () => {
  it.each([
    ["KeyError: 'price'", "KeyError: 'price'"],
    ['ValueError: bad row 17 of 2,000', 'ValueError: bad row … of …'],
    ['FileNotFoundError: /data/2026-11-22/part-0001.csv', 'FileNotFoundError: …'],
    ["No such file: '/data/in/x.csv' (etl.py, line 12)", "No such file: '…' (etl.py, line …)"],
    ['Path does not exist: hdfs://nn:9000/in/day=3', 'Path does not exist: …'],
    ['the script ended with exit code 3', 'the script ended with exit code 3'],
    ['the script ended with exit code 137, possibly killed by signal 9', 'the script ended with exit code 137, possibly killed by signal …'],
    ["UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff", "UnicodeDecodeError: 'utf-8' codec can't decode byte …"],
    ['Task 3 in stage 1.0 failed 4 times (TID 7) (10.0.0.3 executor driver)', 'Task … in stage … failed … times (TID …) (… executor driver)'],
    ['job application_1699_0001 was killed at 2026-11-22T10:00:00', 'job … was killed at …'],
    ['spark-submit was ended by SIGKILL', 'spark-submit was ended by SIGKILL'],
    ['12 34 56', '…'],
    ['', '…'],
  ])('%j is %j', (summary, cause) => expect(causeOf(summary)).toBe(cause)); // prettier-ignore

  it('ends after 300 characters', () => {
    const cause = causeOf(`E: ${'long '.repeat(100)}`);
    expect(cause).toHaveLength(301);
    expect(hasCause(`E: ${'long '.repeat(100)}`, cause)).toBe(true);
  });

  it('is found again by itself', () => {
    for (const summary of ['a (1) [2] {3} ^4$ .*+?|\\', 'x1', 'no digits', 'ends with 9', '7 begins']) {
      expect(hasCause(summary, causeOf(summary)), summary).toBe(true);
      // Without the atomic groups, which JavaScript does not have.
      expect(new RegExp(causePattern(causeOf(summary)).replaceAll('(?>', '(?:')).test(summary), summary).toBe(true);
    }
  });
});

it.each([
  ['KeyError: price', 'KeyError: price', true],
  ['KeyError: price', 'KeyError: pric', false],
  ['bad row 17 in a.csv', 'bad row … in …', true],
  ['bad row 17', 'bad row … in …', false],
  ['bad row 17 in ', 'bad row … in …', true],
  ['a 1 b 2 b', 'a … b', true],
  ['ab', 'ab…ab', false],
  ['abab', 'ab…ab', true],
  ['worse row 17', 'row …', false],
  ['anything', '…', true],
])('a summary %j has the cause %j: %s', (summary, cause, expected) => expect(hasCause(summary, cause)).toBe(expected));
