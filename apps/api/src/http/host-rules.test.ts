import { describe, expect, it } from 'vitest';
import { hostnameOf, hostRules, isLoopback, refusal } from './host-rules.ts';

const rules = hostRules('127.0.0.1', ['das.example', 'other.example:8080']);
const ask = (given: { host?: string; origin?: string; fetchSite?: string; changes?: boolean }) =>
  refusal(rules, { host: 'localhost:8080', origin: undefined, fetchSite: undefined, changes: true, ...given });

describe('hosts', () => {
  it.each([
    'localhost',
    'localhost:8080',
    '127.0.0.1:1',
    '127.1.2.3',
    '[::1]:8080',
    'das.localhost',
    'DAS.example',
    'das.example:99',
    'other.example',
  ])('answers to %s', (host) => expect(ask({ host })).toBeUndefined());

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    '',
    'das.example@evil.example',
    'das.example/x',
    '127.0.0.1, evil',
  ])('refuses %j', (host) => expect(ask({ host })).toMatch(/API_ALLOWED_HOSTS/));

  it('answers to the address it listens on, and to no wildcard', () => {
    const on = (address: string, host: string) =>
      refusal(hostRules(address, []), { host, origin: undefined, fetchSite: undefined, changes: false });
    expect(on('10.1.2.3', '10.1.2.3:8080')).toBeUndefined();
    expect(on('0.0.0.0', '0.0.0.0:8080')).toBeDefined();
    expect(on('::', '[::]:8080')).toBeDefined();
  });
});

describe('origins', () => {
  it('takes its own, and hosts the operator allows', () => {
    expect(ask({ origin: 'http://localhost:8080' })).toBeUndefined();
    expect(ask({ origin: 'https://das.example' })).toBeUndefined();
  });

  it.each([
    'http://evil.example',
    'null',
    'http://localhost:9999',
    'http://127.0.0.1:8080',
    'file://',
    'chrome-extension://localhost:8080',
    '',
  ])('refuses %j', (origin) => expect(ask({ origin, changes: false })).toMatch(/foreign/));

  it('refuses a change that a browser says another site asked for', () => {
    expect(ask({ fetchSite: 'cross-site' })).toBeDefined();
    expect(ask({ fetchSite: 'same-site' })).toBeDefined();
    expect(ask({ fetchSite: 'same-origin' })).toBeUndefined();
    expect(ask({ fetchSite: 'none' })).toBeUndefined();
    expect(ask({ fetchSite: 'cross-site', changes: false })).toBeUndefined();
  });
});

it('knows loopback by name', () => {
  expect(['localhost', '127.0.0.1', '::1', 'a.localhost'].map(isLoopback)).toEqual([true, true, true, true]);
  expect(['127.0.0.1.x', 'localhost.x', '1127.0.0.1', '0.0.0.0', '::'].map(isLoopback)).not.toContain(true);
  expect(hostnameOf('::1')).toBe('::1');
});
