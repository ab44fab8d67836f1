import { expect, it } from 'vitest';
import { hasCause } from './cause.ts';

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
])('%j of %j: %s', (summary, cause, expected) => expect(hasCause(summary, cause)).toBe(expected));
