import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { demandJson, hasBody, parseJson } from './json-body.ts';

const request = (headers: Record<string, string>) => ({ headers }) as unknown as IncomingMessage;
const bytes = (text: string) => Buffer.from(text);

it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
  'takes %s',
  (type) => {
    expect(() => demandJson(request({ 'content-type': type }))).not.toThrow();
  },
);

it.each([
  '',
  'text/plain',
  'application/x-www-form-urlencoded',
  'text/plain; application/json',
  'application/json; charset=latin1',
  'application/jsonx',
])('refuses %j', (type) => {
  const refused = expect.objectContaining({ code: 'unsupported_media_type' });
  expect(() => demandJson(request({ 'content-type': type }))).toThrow(refused);
});

it('knows a body from none', () => {
  expect(hasBody(request({}))).toBe(false);
  expect(hasBody(request({ 'content-length': '0' }))).toBe(false);
  expect(hasBody(request({ 'content-length': '2' }))).toBe(true);
  expect(hasBody(request({ 'transfer-encoding': 'chunked' }))).toBe(true);
});

it('reads JSON as it is', () => {
  expect(parseJson(bytes('{"args":["ü\\u0000"]}'))).toEqual({ args: ['ü\0'] });
});

it.each([
  ['no JSON', bytes('{')],
  ['nothing', bytes('')],
  ['a byte that is not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ['brackets without end', bytes('['.repeat(500_000))],
  ['very deep nesting', bytes('['.repeat(300_000) + ']'.repeat(300_000))],
  ['__proto__', bytes('{"a":{"__proto__":{"x":1}}}')],
  ['constructor', bytes('{"labels":{"constructor":"x"}}')],
])('refuses %s as a fault of the body', (_, body) => {
  const refused = expect.objectContaining({
    code: 'invalid_request',
    errors: [expect.objectContaining({ path: 'body' })],
  });
  expect(() => parseJson(body)).toThrow(refused);
});
