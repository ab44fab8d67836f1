import type { LogLine } from '@das/contracts/log';
import { LIMITS } from '@das/contracts/limits';
import { ROUTES } from '@das/contracts/routes';
import type { LogLine as StoredLine } from '@das/core/mongo/log-line-page';
import type { LogLines } from '@das/core/mongo/log-lines';
import type { LogStore } from '@das/core/mongo/log-store';
import type { RunStore } from '@das/core/mongo/run-store';
import { invalidRequest } from '../http/api-problem.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import { implement } from '../http/implement.ts';
import type { Endpoint } from '../http/implement.ts';
import { demandAttempt } from './endpoints.ts';

export type LineParts = { logs: LogStore; lines: LogLines; runs: RunStore };

/** A log by lines: for whoever looks at it, where GET …/log is for whoever wants its bytes. */
export function lineEndpoints({ logs, lines, runs }: LineParts): Endpoint[] {
  return [
    implement(ROUTES.getLogLines)(async ({ params: { id, n }, query }) => {
      const { from, before, around, tail, limit, stream, errors } = query;
      await demandAttempt(runs, id, n);
      const of = { runId: id, attempt: n };
      const wanted = { stream, errors, limit: tailLimit(tail, limit) };
      // How much there is, first: the lines that are read after it are at least as many.
      const [count, { size, gap, complete }] = await Promise.all([lines.count(of), logs.summary(id, n)]);
      const read =
        tail !== undefined
          ? lines.tail(of, wanted)
          : around !== undefined
            ? lines.around(of, around, wanted)
            : before !== undefined
              ? lines.before(of, before, wanted)
              : lines.from(of, from ?? 1, wanted);
      const [page, gapLines] = await Promise.all([read, gap ? lines.dropped(of) : null]);
      return {
        status: 200,
        body: { ...page, items: page.items.map(present), lines: count, size, gap, gapLines, complete },
      };
    }),
    implement(ROUTES.searchLog)(async ({ params: { id, n }, query: { q, stream, errors, cursor } }) => {
      await demandAttempt(runs, id, n);
      const offset = cursor === undefined ? 0 : offsetOf(cursor);
      const { items, next, searchedTo } = await lines.search({ runId: id, attempt: n }, q, { stream, errors, offset });
      const { size, complete } = await logs.summary(id, n);
      const nextCursor = next === null ? null : encodeCursor(String(next));
      return { status: 200, body: { items: items.map(present), nextCursor, searchedTo, size, complete } };
    }),
  ];
}

/** A number as `tail` says how many; `limit` may say fewer. */
function tailLimit(tail: number | true | undefined, limit: number | undefined): number {
  if (typeof tail === 'number') return Math.min(tail, limit ?? tail);
  return limit ?? LIMITS.logLinesDefault;
}

function offsetOf(cursor: string): number {
  const offset = Number(decodeCursor(cursor));
  if (Number.isSafeInteger(offset) && offset >= 0) return offset;
  throw invalidRequest([{ path: 'query.cursor', message: 'is not a cursor that this call gave' }]);
}

function present({ at, ...line }: StoredLine): LogLine {
  return { ...line, at: at.toISOString() };
}
