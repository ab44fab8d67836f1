import { describe, expect, it } from 'vitest';
import { AttemptLimit } from './attempt-limit.ts';
import { Gate } from './gate.ts';
import { demandTokenOffLoopback } from './listen-rule.ts';
import { isSealedSession, sealSession } from './session-cookie.ts';

const address = '10.0.0.1';
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` }, address });

describe('with a token', () => {
  it('lets in who shows the token, or the cookie that stands for it', () => {
    const gate = new Gate('secret');
    expect(gate.identify(bearer('secret'))).toEqual({ id: 'token', via: 'token' });
    const cookie = `a=b; das_session=${sealSession('secret').value}`;
    expect(gate.identify({ headers: { cookie }, address })).toEqual({ id: 'session', via: 'session' });
    expect(gate.identify({ headers: { 'x-das-submitter': 'me' }, address })).toBeNull();
  });

  it('refuses wrong ones, and after ten of them any for a while', () => {
    const gate = new Gate('secret');
    for (let i = 0; i < 10; i += 1)
      expect(() => gate.identify(bearer(`wrong-${i}`))).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
    expect(() => gate.identify(bearer('secret'))).toThrow(
      expect.objectContaining({ code: 'rate_limited', headers: { 'Retry-After': '3' } }),
    );
    expect(gate.identify({ ...bearer('secret'), address: '10.0.0.2' })).not.toBeNull();
  });
});

it('lets a right token in beside one that is wrong again and again, which is refused for a while, too', () => {
  const gate = new Gate('secret');
  for (let i = 0; i < 10; i += 1)
    expect(() => gate.identify(bearer('old'))).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
  expect(() => gate.identify(bearer('old'))).toThrow(expect.objectContaining({ code: 'rate_limited' }));
  expect(gate.identify(bearer('secret'))).not.toBeNull();
});

describe('without a token', () => {
  const label = (text: string) => new Gate(undefined).identify({ headers: { 'x-das-submitter': text }, address });

  it('takes a label as it was sent', () => {
    expect(label('team a')).toEqual({ id: 'team a', via: 'header' });
    expect(label(Buffer.from('Zoë').toString('latin1'))).toEqual({ id: 'Zoë', via: 'header' });
    expect(label('')).toEqual({ id: 'anonymous', via: 'anonymous' });
  });

  it.each(['x'.repeat(129), ' ', 'a\tb'])('refuses %j', (text) => {
    expect(() => label(text)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });
});

describe('the cookie', () => {
  it('is not the token, ends after a week, and with its token', () => {
    const { value } = sealSession('secret', 1_700_000_000_000);
    expect(value).not.toContain('secret');
    expect(isSealedSession('secret', value, 1_700_000_000_000)).toBe(true);
    expect(isSealedSession('secret', value, 1_700_000_000_000 + 8 * 24 * 3_600_000)).toBe(false);
    expect(isSealedSession('other', value, 1_700_000_000_000)).toBe(false);
    expect(isSealedSession('secret', value.replace(/^\d/, '2'), 1_700_000_000_000)).toBe(false);
    expect(isSealedSession('secret', '', 1_700_000_000_000)).toBe(false);
  });
});

it('forgives a wrong token every three seconds', () => {
  let now = 0;
  const limit = new AttemptLimit(() => now);
  for (let i = 0; i < 15; i += 1) limit.failed('a', `wrong ${i}`);
  expect(limit.waitMs('a', 'another')).toBe(3000);
  expect(limit.waitMs('b', 'another')).toBe(0);
  now = 3000;
  expect(limit.waitMs('a', 'another')).toBe(0);
});

it('listens beyond loopback with a token only', () => {
  for (const host of ['127.0.0.1', 'localhost', '::1'])
    expect(() => demandTokenOffLoopback(host, undefined)).not.toThrow();
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'das.example', ''])
    expect(() => demandTokenOffLoopback(host, undefined)).toThrow(/API_TOKEN/);
  expect(() => demandTokenOffLoopback('0.0.0.0', 'secret')).not.toThrow();
});
