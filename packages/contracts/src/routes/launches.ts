import { z } from 'zod';
import {
  launchCancelledSchema,
  launchCreatedSchema,
  launchPlanSchema,
  launchRepairedSchema,
  launchSchema,
} from '../launch.ts';
import { LIMITS } from '../limits.ts';
import { page, pageQuery, queryBoolean } from '../primitives.ts';
import { runSummarySchema } from '../run.ts';
import { launchRequestSchema, repairRequestSchema } from '../run-request.ts';
import { type RouteSpec, V1, accepted, byId, ok } from './spec.ts';

/** Runs submitted together. */
export const LAUNCH_ROUTES = {
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
    answers: accepted(launchCancelledSchema),
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
} as const satisfies Record<string, RouteSpec>;
