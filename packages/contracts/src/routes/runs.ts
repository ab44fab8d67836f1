import { z } from 'zod';
import { causesSchema } from '../causes.ts';
import { histogramSchema, runCountsSchema } from '../launch.ts';
import { page, pageQuery, queryBoolean, queryInteger, timeSchema } from '../primitives.ts';
import { bulkAnswerSchema, bulkRequestSchema } from '../bulk.ts';
import { runFilterShape } from '../run-filter.ts';
import { runEventSchema, runSchema, runSummarySchema } from '../run.ts';
import { rerunRequestSchema, runRequestSchema } from '../run-request.ts';
import { type RouteSpec, V1, accepted, byId, ok } from './spec.ts';

/** Runs: submitting, listing, counting, cancelling, running again. */
export const RUN_ROUTES = {
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
  getRunCauses: {
    method: 'GET',
    path: `${V1}/runs/causes`,
    summary: 'Failed runs grouped by cause, the most frequent first; of the newest 10,000 of them',
    query: z.strictObject(runFilterShape),
    answers: ok(causesSchema),
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
    answers: accepted(runSchema, 'It was so already'),
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
} as const satisfies Record<string, RouteSpec>;
