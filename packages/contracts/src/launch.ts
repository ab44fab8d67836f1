import { z } from 'zod';
import { durationSchema, idSchema, sha256Schema, submitterSchema, timeSchema } from './primitives.ts';
import { effectiveSettingsSchema, SETTING_LEVELS } from './run-request.ts';
import { LAUNCH_STATES, RUN_STATES } from './states.ts';

/** How many of something are in each run state; states with none may be absent. */
export const runCountsSchema = z.partialRecord(z.enum(RUN_STATES), z.number().int().nonnegative());
export type RunCounts = z.infer<typeof runCountsSchema>;

/** How many of the runs created from `at` on, until the next bucket, are in each state now. */
export const histogramSchema = z.object({ buckets: z.array(z.object({ at: timeSchema, counts: runCountsSchema })) });
export type Histogram = z.infer<typeof histogramSchema>;

export const launchSchema = z.object({
  id: idSchema,
  name: z.string(),
  createdAt: timeSchema,
  finishedAt: timeSchema.nullable(),
  state: z.enum(LAUNCH_STATES),
  /** Each item counts by its newest run. */
  counts: runCountsSchema,
  durationMs: durationSchema.nullable(),
  submittedBy: submitterSchema,
});
export type Launch = z.infer<typeof launchSchema>;

export const launchCreatedSchema = z.object({
  id: idSchema,
  runs: z.array(z.object({ id: idSchema, script: z.string() })),
});
export type LaunchCreated = z.infer<typeof launchCreatedSchema>;

/** What a launch would start. */
export const launchPlanSchema = z.object({
  items: z.array(
    z.object({
      script: z.string(),
      version: sha256Schema,
      /** Of the script's own content. */
      sha256: sha256Schema,
      effective: effectiveSettingsSchema,
      /** Where each field comes from; `conf` and `labels`, which are merged by key, from the highest level that gave any. */
      sources: z.record(effectiveSettingsSchema.keyof(), z.enum(SETTING_LEVELS)),
      /** argv of spark-submit, with the files where they lie in HDFS; a worker runs its own copies of them. */
      command: z.array(z.string()),
    }),
  ),
});
export type LaunchPlan = z.infer<typeof launchPlanSchema>;

export const launchRepairedSchema = z.object({
  id: idSchema,
  runs: z.array(z.object({ id: idSchema, script: z.string(), rerunOf: idSchema })),
});
export type LaunchRepaired = z.infer<typeof launchRepairedSchema>;

/** What a cancel of a whole launch did to each of its runs. */
export const launchCancelledSchema = z.object({
  id: idSchema,
  matched: z.number().int().nonnegative(),
  items: z.array(
    z.object({ id: idSchema, ok: z.boolean(), code: z.string().optional(), detail: z.string().optional() }),
  ),
});
