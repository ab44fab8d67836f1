import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LIMITS } from '@das/contracts/limits';
import { readResultFile } from './result-file.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'das-result-'));
  path = join(directory, 'result.json');
});
afterEach(() => rmSync(directory, { recursive: true }));

const written = (text: string | Uint8Array) => {
  writeFileSync(path, text);
  return readResultFile(path);
};

test('JSON of any kind is a result; nothing is none', () => {
  expect(readResultFile(path)).toEqual({});
  expect(written('')).toEqual({});
  expect(written('{"rows": 3}')).toEqual({ json: '{"rows": 3}' });
  expect(written('null')).toEqual({ json: 'null' });
});

test('what is no JSON, or too large, is an error that says so', () => {
  expect(written('{rows').error).toMatch(/not valid JSON/);
  expect(written(Uint8Array.of(0x22, 0xff, 0x22)).error).toMatch(/not valid JSON/);
  const largest = `"${'x'.repeat(LIMITS.resultValueBytes - 2)}"`;
  expect(written(largest)).toHaveProperty('json');
  expect(written(`${largest} `).error).toMatch(/larger than/);
});

test('100 levels are told, more are an error that says so', () => {
  const nested = (levels: number) => `{"a": ${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
  expect(written(nested(100))).toEqual({ json: nested(100) });
  expect(written(nested(101)).error).toMatch(/more than 100 deep/);
  expect(written(nested(30_000)).error).toMatch(/more than 100 deep/);
});

test('what cannot be read is an error; a folder that is gone is nothing', () => {
  symlinkSync(path, path);
  expect(readResultFile(path)).toEqual({ error: 'The result file cannot be read: ELOOP.' });
  rmSync(path);
  writeFileSync(path, '');
  expect(readResultFile(join(path, 'result.json'))).toEqual({});
});

test('a pipe or a folder in its place is an error, and nobody waits for it', () => {
  execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
  for (const place of [path, directory]) expect(readResultFile(place).error).toMatch(/a folder or a pipe/);
});
