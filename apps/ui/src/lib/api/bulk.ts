import type { BulkAnswer, BulkRequest } from '@das/contracts/bulk';
import type { RunCounts } from '@das/contracts/launch';
import { call, type Query } from './client.ts';

export function countRuns(query: Query, signal?: AbortSignal): Promise<RunCounts> {
  return call('GET', '/api/v1/runs/counts', { query, signal });
}

export function bulkRuns(request: BulkRequest, idempotencyKey: string): Promise<BulkAnswer> {
  return call('POST', '/api/v1/runs/bulk', { body: request, idempotencyKey });
}
