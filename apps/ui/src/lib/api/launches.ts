import type { Launch, LaunchCreated, LaunchPlan, LaunchRepaired } from '@das/contracts/launch';
import type { RunSummary } from '@das/contracts/run';
import type { LaunchRequest, RepairRequest } from '@das/contracts/run-request';
import { call, newKey, type Page, type Query } from './client.ts';

const at = (id: string) => `/api/v1/launches/${encodeURIComponent(id)}`;

export function createLaunch(request: LaunchRequest, idempotencyKey: string): Promise<LaunchCreated> {
  return call('POST', '/api/v1/launches', { body: request, idempotencyKey });
}

/** What it would start; starts nothing. */
export function planLaunch(request: LaunchRequest, signal?: AbortSignal): Promise<LaunchPlan> {
  return call('POST', '/api/v1/launches', { query: { dryRun: true }, body: request, signal });
}

export function listLaunches(query: Query, signal?: AbortSignal): Promise<Page<Launch>> {
  return call('GET', '/api/v1/launches', { query, signal });
}

export function getLaunch(id: string, signal?: AbortSignal): Promise<Launch> {
  return call('GET', at(id), { signal });
}

/** All runs of a launch (at most 1,000 items), whatever pages they come in. */
export async function listLaunchRuns(id: string, signal?: AbortSignal): Promise<RunSummary[]> {
  const runs: RunSummary[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<RunSummary> = await call('GET', `${at(id)}/runs`, { query: { limit: 200, cursor }, signal });
    runs.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor);
  return runs;
}

export function cancelLaunch(id: string): Promise<{ id: string; matched: number }> {
  return call('POST', `${at(id)}/cancel`, { idempotencyKey: newKey() });
}

export function repairLaunch(id: string, request: RepairRequest, idempotencyKey: string): Promise<LaunchRepaired> {
  return call('POST', `${at(id)}/repair`, { body: request, idempotencyKey });
}
