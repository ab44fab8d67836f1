import { expect, test } from 'vitest';
import { shapeOf } from './result-shape.ts';

test.each([
  ['a list of flat objects', [{ a: 1 }, { a: 2, b: 'x' }], 'table'],
  ['a list with something nested', [{ a: 1 }, { a: { b: 2 } }], 'json'],
  ['an object', { a: { b: 2 } }, 'facts'],
  ['empty lists and objects', [], 'json'],
  ['empty object', {}, 'json'],
  ['a number', 3, 'json'],
  ['null', null, 'json'],
])('%s', (_what, value, kind) => expect(shapeOf(value).kind).toBe(kind));

test('columns are those of all rows, and a long table is cut and says so', () => {
  expect(shapeOf([{ a: 1 }, { b: 2 }])).toMatchObject({ columns: ['a', 'b'] });
  const long = shapeOf(Array.from({ length: 500 }, (_, n) => ({ n })));
  expect(long).toMatchObject({ total: 500, rows: expect.objectContaining({ length: 200 }) });
});
