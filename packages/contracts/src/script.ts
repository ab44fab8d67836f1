import { z } from 'zod';
import { runSettingsShape } from './run-request.ts';
import { runSummarySchema } from './run.ts';
import { bytesSchema, durationSchema, idSchema, sha256Schema, timeSchema } from './primitives.ts';
import { RUN_STATES, SCRIPT_STATUSES } from './states.ts';

/** A run as its script tells it. */
export const lastRunSchema = z.object({
  id: idSchema,
  state: z.enum(RUN_STATES),
  createdAt: timeSchema,
  finishedAt: timeSchema.nullable(),
  durationMs: durationSchema.nullable(),
});

export const scriptSchema = z.object({
  path: z.string(),
  name: z.string(),
  directory: z.string(),
  size: bytesSchema,
  modifiedAt: timeSchema,
  /** Of the content last previewed or run; null until known. */
  sha256: sha256Schema.nullable(),
  status: z.enum(SCRIPT_STATUSES),
  /** It was there once and the last scan did not find it. */
  missing: z.boolean(),
  lastRun: lastRunSchema.nullable(),
});
export type Script = z.infer<typeof scriptSchema>;

/** A content that the script had when it was previewed or run. */
export const scriptVersionSchema = z.object({
  sha256: sha256Schema,
  size: bytesSchema,
  firstSeenAt: timeSchema,
  /** The newest run of this content. */
  lastRun: lastRunSchema.nullable(),
});

export type ScriptVersion = z.infer<typeof scriptVersionSchema>;

export const scriptStatsSchema = z.object({
  /** The last runs, newest first. */
  items: z.array(lastRunSchema.omit({ finishedAt: true })),
  /** Of those that completed; null of none. */
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  /** completed / (completed + failed), 0–1; null of none. */
  successRate: z.number().min(0).max(1).nullable(),
});
export type ScriptStats = z.infer<typeof scriptStatsSchema>;

/** A run as a grid shows it; `seq` orders it with what the sockets tell of the same run. */
export const runMarkSchema = runSummarySchema.pick({
  id: true,
  state: true,
  seq: true,
  createdAt: true,
  startedAt: true,
  durationMs: true,
});
export type RunMark = z.infer<typeof runMarkSchema>;

/** The newest runs of one script, newest first. */
export const gridRowSchema = z.object({ path: z.string(), runs: z.array(runMarkSchema) });
export type GridRow = z.infer<typeof gridRowSchema>;

/** What is saved for a script: merged into its runs between the platform's defaults and a launch's. */
export const scriptSettingsSchema = z.strictObject({
  ...runSettingsShape,
  description: z.string().max(4000).optional(),
  owner: z.string().max(128).optional(),
});
export type ScriptSettings = z.infer<typeof scriptSettingsSchema>;

export const scanSchema = z.object({
  id: idSchema,
  state: z.enum(['running', 'done', 'failed']),
  /** Scripts seen in HDFS. */
  found: z.number().int().nonnegative(),
  added: z.array(z.string()),
  changed: z.array(z.string()),
  missing: z.array(z.string()),
  durationMs: durationSchema.nullable(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type Scan = z.infer<typeof scanSchema>;

export const scriptContentSchema = z.object({
  path: z.string(),
  content: z.string(),
  size: bytesSchema,
  sha256: sha256Schema,
  /** Only part of the file is in `content`. */
  truncated: z.boolean(),
  modifiedAt: timeSchema.nullable(),
});
export type ScriptContent = z.infer<typeof scriptContentSchema>;

export const directorySchema = z.object({
  path: z.string(),
  entries: z.array(
    z.object({
      name: z.string(),
      path: z.string(),
      type: z.enum(['file', 'directory']),
      size: bytesSchema,
      modifiedAt: timeSchema,
      owner: z.string(),
      tracked: z.boolean(),
    }),
  ),
});
export type Directory = z.infer<typeof directorySchema>;
