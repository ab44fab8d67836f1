import { z } from 'zod';
import {
  histogramSchema,
  launchCancelledSchema,
  launchCreatedSchema,
  launchPlanSchema,
  launchRepairedSchema,
  launchSchema,
  runCountsSchema,
} from './launch.ts';
import { LIMITS } from './limits.ts';
import {
  idSchema,
  page,
  pageQuery,
  pathSchema,
  queryBoolean,
  queryInteger,
  queryList,
  searchSchema,
  sha256Schema,
  timeSchema,
} from './primitives.ts';
import { logLinesSchema, logMatchesSchema } from './log.ts';
import type { ProblemCode } from './problem.ts';
import { bulkAnswerSchema, bulkRequestSchema } from './bulk.ts';
import { runFilterShape } from './run-filter.ts';
import { runEventSchema, runSchema, runSummarySchema } from './run.ts';
import { launchRequestSchema, repairRequestSchema, rerunRequestSchema, runRequestSchema } from './run-request.ts';
import {
  directorySchema,
  scanSchema,
  scriptContentSchema,
  scriptSchema,
  scriptSettingsSchema,
  scriptStatsSchema,
  scriptVersionSchema,
} from './script.ts';
import { SCRIPT_STATUSES, STREAMS } from './states.ts';
import { aliveSchema, overviewSchema, readinessSchema, settingsSchema } from './system.ts';
import { workerSchema } from './worker.ts';

export type Answer = { description: string; schema?: z.ZodType; contentType?: string };

export type RouteSpec = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `:name` for parameters. */
  path: string;
  summary: string;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Largest body in bytes; the default is `LIMITS.bodyBytes`. */
  bodyBytes?: number;
  answers: Record<number, Answer>;
  /** What it may answer besides `invalid_request`, `unauthenticated`, `forbidden` and `database_unavailable`. */
  problems: ProblemCode[];
  /** Takes `Idempotency-Key`. */
  idempotent?: true;
  /** Takes `If-Match` and `If-None-Match: *`; answers with `ETag`. */
  conditional?: true;
  /** Answers without a token, even where one is set. */
  open?: true;
};

const V1 = '/api/v1';
const byId = z.object({ id: idSchema });
const byAttempt = z.object({ id: idSchema, n: queryInteger(1, 1_000_000) });
const ok = <S extends z.ZodType>(schema: S, description = 'OK') => ({ 200: { description, schema } });
const accepted = <S extends z.ZodType>(schema: S) => ({
  202: { description: 'Accepted', schema },
  200: { description: 'The first answer again (same Idempotency-Key)', schema },
});
const none = { 204: { description: 'Done' } };

/** Every call of the API. The handlers' types, the validation and the OpenAPI document follow from this table. */
export const ROUTES = {
  listScripts: {
    method: 'GET',
    path: `${V1}/scripts`,
    summary: 'The tracked scripts, by path',
    query: z.strictObject({
      ...pageQuery,
      prefix: pathSchema.optional(),
      q: searchSchema.optional(),
      status: queryList(SCRIPT_STATUSES).optional(),
      missing: queryBoolean.optional(),
    }),
    answers: ok(page(scriptSchema)),
    problems: [],
  },
  startScan: {
    method: 'POST',
    path: `${V1}/scripts/scans`,
    summary: 'Scan the scripts directory now; joins a scan that is running',
    answers: accepted(scanSchema),
    problems: ['idempotency_conflict'],
    idempotent: true,
  },
  getScan: {
    method: 'GET',
    path: `${V1}/scripts/scans/:id`,
    summary: 'One scan and what it found',
    params: byId,
    answers: ok(scanSchema),
    problems: ['not_found'],
  },
  getScriptContent: {
    method: 'GET',
    path: `${V1}/scripts/content`,
    summary: 'Preview a script: its current content, or one stored content by hash',
    query: z.strictObject({ path: pathSchema, sha256: sha256Schema.optional() }),
    answers: ok(scriptContentSchema),
    problems: ['not_found', 'payload_too_large', 'hdfs_unavailable'],
  },
  listScriptVersions: {
    method: 'GET',
    path: `${V1}/scripts/versions`,
    summary: 'The contents a script had when it was previewed or run, the one seen last first',
    query: z.strictObject({ ...pageQuery, path: pathSchema }),
    answers: ok(page(scriptVersionSchema)),
    problems: ['not_found'],
  },
  getScriptStats: {
    method: 'GET',
    path: `${V1}/scripts/stats`,
    summary: 'The last runs of a script, and how long and how well they went',
    query: z.strictObject({ path: pathSchema, last: queryInteger(1, LIMITS.pageMax).default(LIMITS.pageDefault) }),
    answers: ok(scriptStatsSchema),
    problems: ['not_found'],
  },
  getScriptSettings: {
    method: 'GET',
    path: `${V1}/scripts/settings`,
    summary: 'The saved settings of a script, with an ETag; `{}` and ETag "0" where none were ever saved',
    query: z.strictObject({ path: pathSchema }),
    answers: ok(scriptSettingsSchema),
    problems: ['not_found'],
  },
  putScriptSettings: {
    method: 'PUT',
    path: `${V1}/scripts/settings`,
    summary:
      'Replaces the saved settings of a script. If-Match: the ETag they were read with; without it (or with If-None-Match: *) only where none were saved yet',
    query: z.strictObject({ path: pathSchema }),
    body: scriptSettingsSchema,
    answers: ok(scriptSettingsSchema, 'Saved; ETag is the new one'),
    problems: ['not_found', 'precondition_failed', 'payload_too_large', 'unsupported_media_type'],
    conditional: true,
  },
  listFiles: {
    method: 'GET',
    path: `${V1}/files`,
    summary: 'One HDFS directory under the scripts directory',
    query: z.strictObject({ path: pathSchema }),
    answers: ok(directorySchema),
    problems: ['not_found', 'hdfs_unavailable'],
  },
  submitRun: {
    method: 'POST',
    path: `${V1}/runs`,
    summary: 'Submit one run',
    body: runRequestSchema,
    answers: accepted(runSchema),
    problems: [
      'not_found',
      'version_changed',
      'idempotency_conflict',
      'payload_too_large',
      'unsupported_media_type',
      'hdfs_unavailable',
    ],
    idempotent: true,
  },
  listRuns: {
    method: 'GET',
    path: `${V1}/runs`,
    summary: 'Runs, newest first',
    query: z.strictObject({ ...pageQuery, ...runFilterShape }),
    answers: ok(page(runSummarySchema)),
    problems: [],
  },
  countRuns: {
    method: 'GET',
    path: `${V1}/runs/counts`,
    summary: 'How many runs are in each state; states with none may be absent',
    query: z.strictObject(runFilterShape),
    answers: ok(runCountsSchema),
    problems: [],
  },
  getRunHistogram: {
    method: 'GET',
    path: `${V1}/runs/histogram`,
    summary:
      'Runs by state and time of creation; buckets begin at `from`, all of them are told; quickest by whole minutes',
    query: z.strictObject({
      ...runFilterShape,
      from: timeSchema,
      /** Exclusive. */
      to: timeSchema,
      bucketMs: queryInteger(1000, 366 * 24 * 3_600_000),
    }),
    answers: ok(histogramSchema),
    problems: [],
  },
  getRun: {
    method: 'GET',
    path: `${V1}/runs/:id`,
    summary: 'One run with its attempts',
    params: byId,
    answers: ok(runSchema),
    problems: ['not_found'],
  },
  getRunEvents: {
    method: 'GET',
    path: `${V1}/runs/:id/events`,
    summary: 'The history of a run, oldest first',
    params: byId,
    answers: ok(page(runEventSchema)),
    problems: ['not_found'],
  },
  cancelRun: {
    method: 'POST',
    path: `${V1}/runs/:id/cancel`,
    summary: 'Cancel a run; its processes are dead before it is `cancelled`',
    params: byId,
    answers: {
      202: { description: 'Accepted', schema: runSchema },
      200: { description: 'It was so already', schema: runSchema },
    },
    problems: ['not_found', 'invalid_state', 'idempotency_conflict'],
    idempotent: true,
  },
  rerunRun: {
    method: 'POST',
    path: `${V1}/runs/:id/rerun`,
    summary: 'A new run with the same settings, of the pinned or the latest content',
    params: byId,
    body: rerunRequestSchema.optional(),
    answers: accepted(runSchema),
    problems: ['not_found', 'idempotency_conflict', 'payload_too_large', 'unsupported_media_type', 'hdfs_unavailable'],
    idempotent: true,
  },
  bulkRuns: {
    method: 'POST',
    path: `${V1}/runs/bulk`,
    summary:
      'Cancel or run again up to 1,000 runs, by ids or by a filter. All that it names are matched, ended ones too; another number than `expect`: invalid_state',
    query: z.strictObject({ dryRun: queryBoolean.optional() }),
    body: bulkRequestSchema,
    answers: ok(bulkAnswerSchema, 'What became of each; the first answer again (same Idempotency-Key)'),
    problems: [
      'not_found',
      'invalid_state',
      'idempotency_conflict',
      'payload_too_large',
      'unsupported_media_type',
      'hdfs_unavailable',
    ],
    idempotent: true,
  },
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
    summary: "Lines of an attempt's log: from one on, around one, or the last ones",
    params: byAttempt,
    query: z
      .strictObject({
        /** The first line; the default is 1. */
        from: queryInteger(1, Number.MAX_SAFE_INTEGER).optional(),
        around: queryInteger(1, Number.MAX_SAFE_INTEGER).optional(),
        /** `true`: the last `limit` lines; or how many. */
        tail: z
          .union([z.enum(['true', '']).transform(() => true as const), queryInteger(1, LIMITS.logLines)])
          .optional(),
        /** 200 where neither this nor a number as `tail` is given. */
        limit: queryInteger(1, LIMITS.logLines).optional(),
        stream: z.enum(STREAMS).optional(),
      })
      .refine(({ from, around, tail }) => [from, around, tail].filter((given) => given !== undefined).length <= 1, {
        message: 'give one of from, around and tail',
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
      stream: z.enum(STREAMS).optional(),
      cursor: z.string().max(512).optional(),
    }),
    answers: ok(logMatchesSchema),
    problems: ['not_found'],
  },
  createLaunch: {
    method: 'POST',
    path: `${V1}/launches`,
    summary: 'Submit many runs together, all or nothing; `dryRun` tells what would start, and starts nothing',
    query: z.strictObject({ dryRun: queryBoolean.optional() }),
    body: launchRequestSchema,
    bodyBytes: LIMITS.launchBodyBytes,
    answers: {
      202: { description: 'Accepted', schema: launchCreatedSchema },
      200: {
        description: 'With dryRun: what would start; else the first answer again (same Idempotency-Key)',
        schema: z.union([launchCreatedSchema, launchPlanSchema]),
      },
    },
    problems: [
      'not_found',
      'version_changed',
      'idempotency_conflict',
      'payload_too_large',
      'unsupported_media_type',
      'hdfs_unavailable',
    ],
    idempotent: true,
  },
  listLaunches: {
    method: 'GET',
    path: `${V1}/launches`,
    summary: 'Launches, newest first',
    query: z.strictObject({ ...pageQuery }),
    answers: ok(page(launchSchema)),
    problems: [],
  },
  getLaunch: {
    method: 'GET',
    path: `${V1}/launches/:id`,
    summary: 'One launch',
    params: byId,
    answers: ok(launchSchema),
    problems: ['not_found'],
  },
  listLaunchRuns: {
    method: 'GET',
    path: `${V1}/launches/:id/runs`,
    summary: 'The runs of a launch, newest first',
    params: byId,
    query: z.strictObject({ ...pageQuery }),
    answers: ok(page(runSummarySchema)),
    problems: ['not_found'],
  },
  cancelLaunch: {
    method: 'POST',
    path: `${V1}/launches/:id/cancel`,
    summary: 'Cancel every run of a launch that has not ended',
    params: byId,
    answers: {
      202: { description: 'Accepted', schema: launchCancelledSchema },
      200: { description: 'The first answer again', schema: launchCancelledSchema },
    },
    problems: ['not_found', 'idempotency_conflict'],
    idempotent: true,
  },
  repairLaunch: {
    method: 'POST',
    path: `${V1}/launches/:id/repair`,
    summary:
      'Run again, in the same launch, the items whose newest run failed or was cancelled; none such: invalid_state',
    params: byId,
    body: repairRequestSchema,
    answers: accepted(launchRepairedSchema),
    problems: [
      'not_found',
      'invalid_state',
      'idempotency_conflict',
      'payload_too_large',
      'unsupported_media_type',
      'hdfs_unavailable',
    ],
    idempotent: true,
  },
  listWorkers: {
    method: 'GET',
    path: `${V1}/workers`,
    summary: 'The workers, and what each runs',
    answers: ok(page(workerSchema)),
    problems: [],
  },
  getOverview: {
    method: 'GET',
    path: `${V1}/overview`,
    summary: 'Counts, rates and places',
    answers: ok(overviewSchema),
    problems: [],
  },
  getSettings: {
    method: 'GET',
    path: `${V1}/settings`,
    summary: 'Settings in force, secrets masked',
    answers: ok(settingsSchema),
    problems: [],
  },
  openSession: {
    method: 'POST',
    path: `${V1}/session`,
    summary: "Exchange the token for the dashboard's cookie",
    body: z.strictObject({ token: z.string().min(1).max(1024) }),
    answers: none,
    problems: ['unsupported_media_type', 'rate_limited'],
    open: true,
  },
  closeSession: {
    method: 'DELETE',
    path: `${V1}/session`,
    summary: 'Sign out',
    answers: none,
    problems: [],
    open: true,
  },
  getOpenApi: {
    method: 'GET',
    path: '/api/openapi.json',
    summary: 'This contract as OpenAPI 3.1',
    answers: ok(z.looseObject({ openapi: z.string() })),
    problems: [],
  },
  getHealth: {
    method: 'GET',
    path: '/healthz',
    summary: 'The process is alive',
    answers: ok(aliveSchema),
    problems: [],
    open: true,
  },
  getReadiness: {
    method: 'GET',
    path: '/readyz',
    summary: 'What DAS depends on; 503 only without MongoDB',
    answers: {
      200: { description: 'ok or degraded', schema: readinessSchema },
      503: { description: 'down', schema: readinessSchema },
    },
    problems: [],
    open: true,
  },
  getMetrics: {
    method: 'GET',
    path: '/metrics',
    summary: 'Prometheus metrics',
    answers: { 200: { description: 'Prometheus text format', contentType: 'text/plain' } },
    problems: [],
  },
} as const satisfies Record<string, RouteSpec>;

export type RouteName = keyof typeof ROUTES;
