import type { LogLinesAnswer, LogMatches } from '@das/contracts/log';
import type { Stream } from '@das/contracts/states';
import { call } from './client.ts';

/** Which lines: of one stream, or only errors. */
export type ChosenLines = { stream?: Stream; errors?: boolean };
/** Which part of them, from the log's own numbers; `tail`: the last so many. */
export type LinesQuery = ChosenLines & {
  from?: number;
  before?: number;
  around?: number;
  tail?: number;
  limit?: number;
};

export function logAddress(id: string, attempt: number): string {
  return `/api/v1/runs/${encodeURIComponent(id)}/attempts/${attempt}/log`;
}

export function getLogLines(
  id: string,
  attempt: number,
  query: LinesQuery,
  signal?: AbortSignal,
): Promise<LogLinesAnswer> {
  return call('GET', `${logAddress(id, attempt)}/lines`, { query, signal });
}

export function searchLog(
  id: string,
  attempt: number,
  query: ChosenLines & { q: string; cursor?: string | null },
  signal?: AbortSignal,
): Promise<LogMatches> {
  return call('GET', `${logAddress(id, attempt)}/search`, { query, signal });
}
