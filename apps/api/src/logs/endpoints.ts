import { ROUTES } from '@das/contracts/routes';
import type { LogRange, LogStore } from '@das/core/mongo/log-store';
import type { RunStore } from '@das/core/mongo/run-store';
import { ApiProblem } from '../http/api-problem.ts';
import { implement } from '../http/implement.ts';
import type { Content, Endpoint } from '../http/implement.ts';
import { unknownRun } from '../runs/endpoints.ts';

export type LogParts = { logs: LogStore; runs: RunStore };

/** Bytes read from MongoDB at once. */
const PIECE_BYTES = 1024 * 1024;

export function logEndpoints({ logs, runs }: LogParts): Endpoint[] {
  return [
    implement(ROUTES.getLog)(async ({ params: { id, n }, query: { offset, limit, download } }) => {
      await demandAttempt(runs, id, n);
      const wanted = limit ?? Number.MAX_SAFE_INTEGER;
      const first = await logs.read(id, n, { offset, limit: Math.min(wanted, PIECE_BYTES) });
      const rest = { from: first.nextOffset, left: wanted - first.bytes.length, end: first.size };
      const whole = first.bytes.length >= wanted || first.nextOffset >= first.size;
      const content: Content = whole ? first.bytes : pieces(logs, { id, n }, first, rest);
      const nextOffset = whole ? first.nextOffset : endOf(first, rest.left);
      const headers = { ...logHeaders(first, nextOffset), ...(download ? attachment(id, n) : {}) };
      return { status: 200, content, headers };
    }),
  ];
}

/** Throws ApiProblem where there is no such attempt. */
export async function demandAttempt(runs: RunStore, id: string, n: number): Promise<void> {
  const run = await runs.find(id);
  if (!run) throw unknownRun(id);
  if (n > run.attemptCount) throw new ApiProblem('not_found', `run ${id} has ${run.attemptCount} attempts, not ${n}`);
}

/** Where an answer of `left` more bytes ends: what is dropped in between is stepped over. */
function endOf({ nextOffset, size, gap }: LogRange, left: number): number {
  const steps = gap && gap.start >= nextOffset && gap.start - nextOffset < left ? gap.end - gap.start : 0;
  return Math.min(size, nextOffset + left + steps);
}

/** The first piece and what follows, up to the size that the log had at first. */
async function* pieces(
  logs: LogStore,
  { id, n }: { id: string; n: number },
  first: LogRange,
  { from, left, end }: { from: number; left: number; end: number },
): AsyncGenerator<Uint8Array> {
  yield first.bytes;
  let position = from;
  let remaining = left;
  while (remaining > 0 && position < end) {
    const limit = Math.min(remaining, PIECE_BYTES, end - position);
    const range = await logs.read(id, n, { offset: position, limit });
    if (range.nextOffset <= position) return;
    yield range.bytes;
    position = range.nextOffset;
    remaining -= range.bytes.length;
  }
}

function logHeaders({ size, complete, gap }: LogRange, nextOffset: number): Record<string, string> {
  return {
    'X-Log-Size': String(size),
    'X-Log-Next-Offset': String(nextOffset),
    'X-Log-Complete': String(complete),
    ...(gap ? { 'X-Log-Gap': `${gap.start}-${gap.end}` } : {}),
  };
}

function attachment(id: string, n: number): Record<string, string> {
  return { 'Content-Disposition': `attachment; filename="${id}-attempt-${n}.log"` };
}
