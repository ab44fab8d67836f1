import { z } from 'zod';
import { runCountsSchema } from './launch.ts';
import { idSchema, timeSchema } from './primitives.ts';
import { WAITING_REASONS, WORKER_STATES } from './states.ts';

const quantilesSchema = z.object({ p50: z.number().nullable(), p95: z.number().nullable() });

export const overviewSchema = z.object({
  at: timeSchema,
  counts: runCountsSchema,
  /** Runs that ended per minute, over the last hour. */
  finishedPerMinute: z.number(),
  /** Milliseconds from accepted to first attempt, last hour. */
  waitMs: quantilesSchema,
  /** Milliseconds from first attempt to end, last hour. */
  runMs: quantilesSchema,
  workers: z.partialRecord(z.enum(WORKER_STATES), z.number().int()),
  places: z.object({ total: z.number().int(), free: z.number().int() }),
  /** What the runs wait for that do not run now: the oldest 1,000 of them by reason, and the oldest of all. */
  waiting: z.object({
    byReason: z.partialRecord(z.enum(WAITING_REASONS), z.number().int()),
    oldest: z.object({ id: idSchema, script: z.string(), createdAt: timeSchema }).nullable(),
  }),
});
export type Overview = z.infer<typeof overviewSchema>;

export const settingsSchema = z.object({
  items: z.array(
    z.object({
      name: z.string(),
      /** Secrets are masked. */
      value: z.string().nullable(),
      source: z.enum(['default', 'environment']),
      description: z.string(),
    }),
  ),
  /** The Spark settings a run request may name. */
  conf: z.array(z.object({ key: z.string(), kind: z.string(), description: z.string(), example: z.string() })),
});
export type SettingsInForce = z.infer<typeof settingsSchema>;

const componentSchema = z.object({ ok: z.boolean(), latencyMs: z.number(), error: z.string().optional() });
export const readinessSchema = z.object({
  status: z.enum(['ok', 'degraded', 'down']),
  mongodb: componentSchema,
  redis: componentSchema,
  hdfs: componentSchema,
  spark: componentSchema,
});
export type Readiness = z.infer<typeof readinessSchema>;

export const aliveSchema = z.object({ status: z.literal('ok') });
