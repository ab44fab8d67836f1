import type { Overview, Readiness, SettingsInForce } from '@das/contracts/system';
import type { Worker } from '@das/contracts/worker';
import { call, type Page } from './client.ts';
import { ApiError } from './error.ts';

export function listWorkers(signal?: AbortSignal): Promise<Page<Worker>> {
  return call('GET', '/api/v1/workers', { signal });
}

export function getOverview(signal?: AbortSignal): Promise<Overview> {
  return call('GET', '/api/v1/overview', { signal });
}

export function getSettings(signal?: AbortSignal): Promise<SettingsInForce> {
  return call('GET', '/api/v1/settings', { signal });
}

/** 503 is an answer here, too: it says what is down. */
export async function getReadiness(signal?: AbortSignal): Promise<Readiness> {
  const response = await fetch('/readyz', signal ? { signal } : {}).catch(() => null);
  const body: unknown = await response?.json().catch(() => null);
  if (body && typeof body === 'object' && 'mongodb' in body) return body as Readiness;
  throw new ApiError({
    code: 'unreachable',
    title: 'The API does not answer',
    status: response?.status ?? 0,
    detail: 'Is it running?',
  });
}

export function openSession(token: string): Promise<void> {
  return call('POST', '/api/v1/session', { body: { token } });
}

export function closeSession(): Promise<void> {
  return call('DELETE', '/api/v1/session');
}
