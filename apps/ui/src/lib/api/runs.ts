import type { Run, RunEvent, RunSummary } from '@das/contracts/run';
import type { RerunRequest, RunRequest } from '@das/contracts/run-request';
import { call, newKey, type Page, type Query } from './client.ts';

const at = (id: string) => `/api/v1/runs/${encodeURIComponent(id)}`;

export function listRuns(query: Query, signal?: AbortSignal): Promise<Page<RunSummary>> {
  return call('GET', '/api/v1/runs', { query, signal });
}

/** All that `query` finds, whatever pages they come in: for what is bounded by itself. */
export async function listAllRuns(query: Query, signal?: AbortSignal): Promise<RunSummary[]> {
  const runs: RunSummary[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<RunSummary> = await listRuns({ ...query, limit: 200, cursor }, signal);
    runs.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor);
  return runs;
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
