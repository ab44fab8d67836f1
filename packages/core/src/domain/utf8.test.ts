import { expect, test } from 'vitest';
import { continuationHead, incompleteTail } from './utf8.ts';

test.each(['a', 'é', '€', '😀'])('%s cut anywhere is an incomplete tail, whole it is none', (character) => {
  const bytes = Buffer.from(`x${character}`);
  expect(incompleteTail(bytes)).toBe(0);
  for (let cut = 2; cut < bytes.length; cut++) expect(incompleteTail(bytes.subarray(0, cut))).toBe(cut - 1);
  for (let start = 2; start < bytes.length; start++)
    expect(continuationHead(bytes.subarray(start))).toBe(bytes.length - start);
});

test('what can never become a character is not waited for', () => {
  expect(incompleteTail(Buffer.from([0xff]))).toBe(0);
  expect(incompleteTail(Buffer.from([0x80, 0x80, 0x80, 0x80]))).toBe(0);
  expect(incompleteTail(Buffer.alloc(0))).toBe(0);
});
