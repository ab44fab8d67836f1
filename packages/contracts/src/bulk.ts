import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { bodyList, idSchema } from './primitives.ts';
import { runFilterShape } from './run-filter.ts';
import { FAILURE_KINDS, RUN_STATES } from './states.ts';

/** The filters of GET /runs in a body; lists as arrays, or as there with commas. */
export const bulkFilterSchema = z.strictObject({
  ...runFilterShape,
  state: bodyList(RUN_STATES).optional(),
  failureKind: bodyList(FAILURE_KINDS).optional(),
});

export const bulkRequestSchema = z
  .strictObject({
    action: z.enum(['cancel', 'rerun']),
    ids: z.array(idSchema).min(1).max(LIMITS.bulkRuns).optional(),
    filter: bulkFilterSchema.optional(),
    /** How many runs the caller believes to hit; another number acts on none. */
    expect: z.number().int().nonnegative().optional(),
    /** Only says how many it would hit. */
    dryRun: z.boolean().optional(),
  })
  .refine(({ ids, filter }) => (ids === undefined) !== (filter === undefined), {
    path: ['ids'],
    message: 'give ids or filter, one of them',
  });
export type BulkRequest = z.input<typeof bulkRequestSchema>;

export const bulkAnswerSchema = z.object({
  /** Runs that the ids or the filter name. */
  matched: z.number().int().nonnegative(),
  /** What became of each; empty with dryRun. */
  items: z.array(
    z.object({
      id: idSchema,
      ok: z.boolean(),
      /** The new run of a re-run. */
      runId: idSchema.optional(),
      code: z.string().optional(),
      detail: z.string().optional(),
    }),
  ),
});
export type BulkAnswer = z.infer<typeof bulkAnswerSchema>;
