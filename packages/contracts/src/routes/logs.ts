import { z } from 'zod';
import { LIMITS } from '../limits.ts';
import { idSchema, queryBoolean, queryInteger, searchSchema } from '../primitives.ts';
import { logLinesSchema, logMatchesSchema } from '../log.ts';
import { STREAMS } from '../states.ts';
import { type RouteSpec, V1, ok } from './spec.ts';

const byAttempt = z.object({ id: idSchema, n: queryInteger(1, 1_000_000) });

/** Which lines: of one stream, only errors, or both. */
const chosen = {
  stream: z.enum(STREAMS).optional(),
  /** Only lines that tell of an error: logged as ERROR or worse, and exceptions with their stack traces. */
  errors: queryBoolean.optional(),
};

const count = (given: unknown[]) => given.filter((value) => value !== undefined).length;

/** The logs of a run's attempts. */
export const LOG_ROUTES = {
  getLog: {
    method: 'GET',
    path: `${V1}/runs/:id/attempts/:n/log`,
    summary: "Bytes of an attempt's log",
    params: byAttempt,
    query: z.strictObject({
      /** Negative: counted from the end. */
      offset: queryInteger(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER).default(0),
      limit: queryInteger(1, 16 * 1024 * 1024).optional(),
      download: queryBoolean.optional(),
    }),
    answers: {
      200: {
        description: 'X-Log-Size, X-Log-Next-Offset, X-Log-Complete, X-Log-Gap: start-end',
        contentType: 'text/plain',
      },
    },
    problems: ['not_found'],
  },
  getLogLines: {
    method: 'GET',
    path: `${V1}/runs/:id/attempts/:n/log/lines`,
    summary: "Lines of an attempt's log: from one on, before or around one, or the last ones",
    params: byAttempt,
    query: z
      .strictObject({
        /** The first line; the default is 1. */
        from: queryInteger(1, Number.MAX_SAFE_INTEGER).optional(),
        /** The last `limit` lines before this one. */
        before: queryInteger(1, Number.MAX_SAFE_INTEGER).optional(),
        around: queryInteger(1, Number.MAX_SAFE_INTEGER).optional(),
        /** `true`: the last `limit` lines; or how many. */
        tail: z
          .union([z.enum(['true', '']).transform(() => true as const), queryInteger(1, LIMITS.logLines)])
          .optional(),
        /** 200 where neither this nor a number as `tail` is given. */
        limit: queryInteger(1, LIMITS.logLines).optional(),
        ...chosen,
      })
      .refine(({ from, before, around, tail }) => count([from, before, around, tail]) <= 1, {
        message: 'give one of from, before, around and tail',
      }),
    answers: ok(logLinesSchema),
    problems: ['not_found'],
  },
  searchLog: {
    method: 'GET',
    path: `${V1}/runs/:id/attempts/:n/log/search`,
    summary: "Lines of an attempt's log that hold a text literally; after 2 s what was found by then",
    params: byAttempt,
    query: z.strictObject({
      q: searchSchema,
      ...chosen,
      cursor: z.string().max(512).optional(),
    }),
    answers: ok(logMatchesSchema),
    problems: ['not_found'],
  },
} as const satisfies Record<string, RouteSpec>;
