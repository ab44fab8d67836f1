import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countNewlines } from './newlines.ts';

test('counts like a plain loop, wherever the bytes lie', () => {
  const byte = fc.oneof(fc.constant(10), fc.constantFrom(9, 11, 0x0a ^ 0x80, 0, 255), fc.nat(255));
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 70 }), fc.nat(9), (values, shift) => {
      const bytes = Buffer.from(values).subarray(Math.min(shift, values.length));
      expect(countNewlines(bytes)).toBe([...bytes].filter((value) => value === 10).length);
    }),
    { numRuns: 2000 },
  );
});
