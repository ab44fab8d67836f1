import { expect, test } from 'vitest';
import { argsInARow } from './args-in-a-row.ts';

test('arguments in one line: quoted where a shell would want it, nothing invisible, never longer than a row', () => {
  expect(argsInARow([])).toBe('');
  expect(argsInARow(['region=north', 'two words', ''])).toBe("region=north 'two words' ''");
  expect(argsInARow(['two\nlines', '\u001b[31m'])).toBe("'two lines' '␛[31m'");
  expect(argsInARow(Array.from({ length: 256 }, () => 'x'.repeat(400)))).toHaveLength(201);
});
