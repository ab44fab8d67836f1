import { createHmac, timingSafeEqual } from 'node:crypto';
import { sha256Of } from '@das/core/domain/version';

export const COOKIE_NAME = 'das_session';
const LIFETIME_MS = 7 * 24 * 3600 * 1000;

/**
 * The dashboard's cookie: when it ends, and a proof of that under the token. It is not the token, needs no store, is good
 * at every API process, and a new token ends all of them.
 */
export function sealSession(token: string, now: number = Date.now()): { value: string; maxAgeSeconds: number } {
  const expiresAt = now + LIFETIME_MS;
  return { value: `${expiresAt}.${proof(token, expiresAt)}`, maxAgeSeconds: LIFETIME_MS / 1000 };
}

export function isSealedSession(token: string, value: string, now: number = Date.now()): boolean {
  const [expiresAt = '', given = ''] = value.split('.', 2);
  return /^\d{13}$/.test(expiresAt) && Number(expiresAt) > now && isSame(given, proof(token, Number(expiresAt)));
}

/** Compares secrets in a time that tells nothing of where they differ, or how long they are. */
export function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(Buffer.from(sha256Of(given)), Buffer.from(sha256Of(wanted)));
}

function proof(token: string, expiresAt: number): string {
  return createHmac('sha256', token).update(`das-session:${expiresAt}`).digest('base64url');
}

/** The value of DAS's cookie in a `Cookie` header. */
export function sessionOf(cookies: string | undefined): string | undefined {
  const pair = cookies?.split(';').find((part) => part.trim().startsWith(`${COOKIE_NAME}=`));
  return pair?.trim().slice(COOKIE_NAME.length + 1);
}
