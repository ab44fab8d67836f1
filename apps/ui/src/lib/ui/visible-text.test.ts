import { expect, it } from 'vitest';
import { visibleText } from './visible-text.ts';

it('shows control characters, and leaves everything else alone', () => {
  expect(visibleText('\u001B[31mred\u0007\u0000\u007F')).toBe('␛[31mred␇␀␡');
  expect(visibleText('two\twords\nü 🎉')).toBe('two\twords\nü 🎉');
});
