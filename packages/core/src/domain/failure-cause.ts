import { VARIES } from '@das/contracts/cause';
import { literal } from './literal.ts';

/** Longer than this, two summaries that begin alike are one cause. Characters. */
const LENGTH = 300;

/**
 * What differs between two failures for the same reason: addresses and paths, then every word with a digit in it (numbers,
 * ids, dates, parts), but not the words that are called so, nor an exit code, which is the reason itself.
 */
const DIFFERS = new RegExp(
  [
    String.raw`\b[a-z][a-z0-9+.-]*://[^\s'"()[\]]+`,
    String.raw`(?<![\w.])(?:/[^\s'"()[\]:,;/]+)+/?`,
    String.raw`(?<![\w$.-])(?<!exit code )(?!(?:utf-?8|utf-?16|latin-?1|py4j|log4j|s3a?|u?int\d+|float\d+|base64|sha256)\b)[\w$-]*\d[\w$]*(?:[.:,+-][\w$]+)*`,
  ].join('|'),
  'gi',
);
/** Several in a row are one. */
const REPEATED = new RegExp(String.raw`${VARIES}(?:[\s,.:;/_-]*${VARIES})+`, 'g');

/** The summary of a failure without what differs from run to run: failures with the same one have the same cause. Pure. */
export function causeOf(summary: string): string {
  const plain = summary.replace(DIFFERS, VARIES).replace(REPEATED, VARIES).trim() || VARIES;
  return plain.length <= LENGTH ? plain : plain.slice(0, LENGTH).replace(/[\uD800-\uDBFF]$/, '') + VARIES;
}

/**
 * The regular expression (PCRE) of all summaries with this cause. Each stretch is taken where it is found first and never
 * tried again (atomic groups): a cause with many gaps costs no more than its length times the summary's.
 */
export function causePattern(cause: string): string {
  const [first = '', ...others] = cause.split(VARIES).map(literal);
  const last = others.pop();
  if (last === undefined) return `^${first}$`;
  return `^${first}${others.map((part) => `(?>.*?${part})`).join('')}.*${last}$`;
}
