import { CONF_CATALOG } from './conf-catalog.ts';
import type { ConfEntry, ConfKind } from './conf-catalog.ts';

export interface ConfFault {
  /** Where in the request body. */
  path: ['conf', string];
  message: string;
}

const CATALOG = new Map(CONF_CATALOG.map((entry) => [entry.key, entry]));

interface ValueForm {
  pattern: RegExp;
  says: string;
}

const VALUE_FORMS: Record<Exclude<ConfKind, 'choice' | 'integer'>, ValueForm> = {
  memory: { pattern: /^\d{1,12}(?:[kmgt]b?|b)?$/i, says: 'a size such as 512m or 2g' },
  sizeOrOff: { pattern: /^(?:-1|\d{1,12}(?:[kmgt]b?|b)?)$/i, says: 'a size such as 10m, or -1' },
  boolean: { pattern: /^(?:true|false)$/, says: 'true or false' },
  duration: { pattern: /^\d{1,9}(?:us|ms|s|m|min|h|d)$/, says: 'a duration such as 500ms, 30s or 5m' },
  fraction: { pattern: /^(?:0(?:\.\d{1,6})?|1(?:\.0{1,6})?)$/, says: 'a number from 0 to 1, such as 0.6' },
  timeZone: {
    pattern: /^(?:UTC|Z|(?:UTC|GMT)?[+-]\d{1,2}:\d{2}|[A-Za-z]{1,20}(?:\/[A-Za-z0-9_+-]{1,30}){1,2})$/,
    says: 'a time zone such as UTC, +02:00 or Europe/Berlin',
  },
  name: { pattern: /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/, says: 'a name of letters, digits, "_", "." and "-"' },
};

/** SPARK_CONF_ALLOW: exact keys, separated by commas. */
export function parseConfAllow(text: string): string[] {
  return text
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
}

/**
 * Every fault of a request's `conf`; none = may be run.
 * @param extraAllow the operator's exact keys: any value on one line without `${`
 */
export function checkConf(conf: Readonly<Record<string, string>>, extraAllow: readonly string[]): ConfFault[] {
  const faults: ConfFault[] = [];
  for (const [key, value] of Object.entries(conf)) {
    const message = keyFault(key, extraAllow) ?? valueFault(key, value, extraAllow);
    if (message !== undefined) faults.push({ path: ['conf', key], message });
  }
  return faults;
}

function keyFault(key: string, extraAllow: readonly string[]): string | undefined {
  if (CATALOG.has(key) || extraAllow.includes(key)) return undefined;
  const meant = [...CATALOG.keys(), ...extraAllow].find((known) => bareLetters(known) === bareLetters(key));
  if (meant !== undefined) return `unknown setting; did you mean ${meant}?`;
  return 'this Spark setting is not allowed; an operator can allow it with SPARK_CONF_ALLOW';
}

/** So that another case, spaces or dashes still find the key that was meant. */
function bareLetters(key: string): string {
  return key.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function valueFault(key: string, value: string, extraAllow: readonly string[]): string | undefined {
  // Spark substitutes environment variables, system properties and other settings: ${env:AWS_SECRET}.
  if (value.includes('${')) return 'the value holds "${", which Spark would substitute';
  // eslint-disable-next-line no-control-regex -- NUL is what is looked for
  if (/[\u0000\r\n]/.test(value)) return 'the value holds a line break or NUL';
  if (extraAllow.includes(key)) return undefined;
  const entry = CATALOG.get(key);
  const form = entry && formFault(entry, value);
  return form === undefined ? undefined : `the value must be ${form}`;
}

/** What the value should be, if it is something else. */
function formFault(entry: ConfEntry, value: string): string | undefined {
  if (entry.kind === 'choice') {
    const choices = entry.choices ?? [];
    return choices.includes(value) ? undefined : `one of ${choices.join(', ')}`;
  }
  if (entry.kind === 'integer') {
    const min = entry.min ?? 1;
    const good = /^\d{1,9}$/.test(value) && Number(value) >= min;
    return good ? undefined : `a whole number from ${min}`;
  }
  const { pattern, says } = VALUE_FORMS[entry.kind];
  return pattern.test(value) ? undefined : says;
}
