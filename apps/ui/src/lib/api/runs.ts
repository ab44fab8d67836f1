import type { Run, RunEvent, RunSummary } from '@das/contracts/run';
import type { RerunRequest, RunRequest } from '@das/contracts/run-request';
import { call, newKey, respond, type Page, type Query } from './client.ts';

const at = (id: string) => `/api/v1/runs/${encodeURIComponent(id)}`;

export function listRuns(query: Query, signal?: AbortSignal): Promise<Page<RunSummary>> {
  return call('GET', '/api/v1/runs', { query, signal });
}

export function getRun(id: string, signal?: AbortSignal): Promise<Run> {
  return call('GET', at(id), { signal });
}

export function getRunEvents(id: string, signal?: AbortSignal): Promise<Page<RunEvent>> {
  return call('GET', `${at(id)}/events`, { signal });
}

export function submitRun(request: RunRequest, idempotencyKey: string): Promise<Run> {
  return call('POST', '/api/v1/runs', { body: request, idempotencyKey });
}

export function cancelRun(id: string): Promise<Run> {
  return call('POST', `${at(id)}/cancel`, { idempotencyKey: newKey() });
}

export function rerunRun(id: string, request: RerunRequest, idempotencyKey: string): Promise<Run> {
  return call('POST', `${at(id)}/rerun`, { body: request, idempotencyKey });
}

export function logAddress(id: string, attempt: number): string {
  return `${at(id)}/attempts/${attempt}/log`;
}

/** A range of an attempt's log; offsets in bytes of the original log, whatever was dropped. */
export type LogRange = {
  bytes: Uint8Array;
  size: number;
  nextOffset: number;
  /** The attempt is over and this range reaches the end of its log. */
  complete: boolean;
  /** Bytes that DAS dropped to keep within LOG_MAX_BYTES: `[start, end)`. */
  gap: { start: number; end: number } | null;
};

export async function getLog(
  id: string,
  attempt: number,
  query: { offset: number; limit?: number },
  signal?: AbortSignal,
): Promise<LogRange> {
  const response = await respond('GET', logAddress(id, attempt), { query, signal });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const size = Number(response.headers.get('X-Log-Size') ?? bytes.length);
  const gap = /^(\d+)-(\d+)$/.exec(response.headers.get('X-Log-Gap') ?? '');
  return {
    bytes,
    size,
    nextOffset: Number(response.headers.get('X-Log-Next-Offset') ?? query.offset + bytes.length),
    complete: response.headers.get('X-Log-Complete') === 'true',
    gap: gap ? { start: Number(gap[1]), end: Number(gap[2]) } : null,
  };
}
