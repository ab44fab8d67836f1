import type { BulkAnswer, BulkRequest } from '@das/contracts/bulk';
import type { Causes } from '@das/contracts/causes';
import type { Histogram, RunCounts } from '@das/contracts/launch';
import { call, type Query } from './client.ts';

export function countRuns(query: Query, signal?: AbortSignal): Promise<RunCounts> {
  return call('GET', '/api/v1/runs/counts', { query, signal });
}

export function bulkRuns(request: BulkRequest, idempotencyKey: string): Promise<BulkAnswer> {
  return call('POST', '/api/v1/runs/bulk', { body: request, idempotencyKey });
}

export function getHistogram(query: Query, signal?: AbortSignal): Promise<Histogram> {
  return call('GET', '/api/v1/runs/histogram', { query, signal });
}

export function getCauses(query: Query, signal?: AbortSignal): Promise<Causes> {
  return call('GET', '/api/v1/runs/causes', { query, signal });
}
