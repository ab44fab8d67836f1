import { expect, test } from 'vitest';
import { linesAround, placesInScript, scriptFileOf } from './script-places.ts';

const FILE = '/w/01K-1-1/always_fails.py';
const CHAINED = `Traceback (most recent call last):
  File "${FILE}", line 19, in total
    result += int(text)
              ^^^^^^^^^
ValueError: invalid literal for int() with base 10: 'twelve'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "${FILE}", line 27, in <module>
    print(total(ROWS))
  File "/usr/lib/python3/json/__init__.py", line 3, in loads
  File "${FILE}", line 21, in total
    raise RuntimeError(f"row {number} cannot be used") from error
RuntimeError: row 3 cannot be used`;

test('the places of a chain, the last one where it broke', () => {
  expect(placesInScript(CHAINED, FILE)).toEqual([
    { line: 19, within: 'total' },
    { line: 27, within: '<module>' },
    { line: 21, within: 'total' },
  ]);
});

test('a syntax error has no function; another file is not the script', () => {
  expect(placesInScript(`  File "${FILE}", line 3\n    def f(:\n`, FILE)).toEqual([{ line: 3, within: '' }]);
  expect(placesInScript(CHAINED, '/w/other.py')).toEqual([]);
});

test('the script stands before its arguments', () => {
  const command = ['spark-submit', '--conf', 'a=b', FILE, 'x', FILE];
  expect(scriptFileOf(command, ['x', FILE])).toBe(FILE);
  expect(scriptFileOf([], [])).toBeUndefined();
});

test('lines around, cut at the ends', () => {
  expect(linesAround('a\nb\r\nc\nd', 1, 1)).toEqual([
    { number: 1, text: 'a' },
    { number: 2, text: 'b' },
  ]);
  expect(linesAround('a\nb\nc\nd', 4, 1).map(({ number }) => number)).toEqual([3, 4]);
});
