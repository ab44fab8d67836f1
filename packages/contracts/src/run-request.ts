import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { pathSchema, sha256Schema } from './primitives.ts';
import { FAILURE_KINDS, STARTUPS } from './states.ts';

const utf8 = new TextEncoder();

/** One argument: byte for byte what the script gets, so what cannot arrive intact is refused. */
const argSchema = z.string().superRefine((arg, context) => {
  const fault = argFault(arg);
  if (fault) context.addIssue({ code: 'custom', message: fault });
});

function argFault(arg: string): string | null {
  if (arg.includes('\0')) return 'must not contain a NUL character';
  if (arg.includes('\r')) return "must not contain a carriage return (Spark's launcher drops it)";
  if (!arg.isWellFormed()) return 'must be valid Unicode (it has a lone surrogate)';
  return null;
}

const argsSchema = z
  .array(argSchema)
  .max(LIMITS.args)
  .refine((args) => args.reduce((sum, arg) => sum + utf8.encode(arg).length + 1, 0) <= LIMITS.argsBytes, {
    message: `must be at most ${LIMITS.argsBytes} bytes together`,
  });

/** Retries as stored and answered: every field filled in. Delays in milliseconds. */
export const retryPolicySchema = z.strictObject({
  max: z.number().int().min(0).max(100),
  backoff: z.enum(['fixed', 'exponential']),
  delayMs: z.number().int().min(0).max(86_400_000),
  maxDelayMs: z.number().int().min(0).max(86_400_000),
  jitter: z.number().min(0).max(1),
  /** Failure kinds that are not retried; null = the default (`python_syntax`, `submit_error`). */
  notOn: z.array(z.enum(FAILURE_KINDS)).max(FAILURE_KINDS.length).nullable(),
});
export type RetryPolicy = z.infer<typeof retryPolicySchema>;

/** An integer, or a policy of which only `max` must be given. */
export const retriesSchema = z.union([
  z.number().int().min(0).max(100),
  retryPolicySchema.partial().required({ max: true }),
]);
export type Retries = z.infer<typeof retriesSchema>;

const labelsSchema = z
  .record(z.string().min(1).max(64), z.string().max(256))
  .refine((labels) => Object.keys(labels).length <= LIMITS.labels, { message: `at most ${LIMITS.labels} labels` });

/** What can be set for a run, at every level: script, launch defaults, item. */
export const runSettingsShape = {
  args: argsSchema.optional(),
  /** Spark settings; only exact keys of the allow-list (see GET /settings). */
  conf: z.record(z.string().min(1).max(256), z.string().max(4096)).optional(),
  pyFiles: z.array(pathSchema).max(LIMITS.files).optional(),
  files: z.array(pathSchema).max(LIMITS.files).optional(),
  target: z.literal('local', { error: 'there is one target: "local"' }).optional(),
  retries: retriesSchema.optional(),
  /** Per attempt, from its spawn; null = no limit. */
  timeoutMs: z.number().int().min(1000).max(2_147_483_647).nullable().optional(),
  /** 1 goes first, 7 last. */
  priority: z.number().int().min(1).max(7).optional(),
  startup: z.enum(STARTUPS).optional(),
  labels: labelsSchema.optional(),
} as const;

export const runSettingsSchema = z.strictObject(runSettingsShape);
export type RunSettings = z.infer<typeof runSettingsSchema>;

/** The level a field came from, lowest first. */
export const SETTING_LEVELS = ['platform', 'script', 'launch', 'item'] as const;
export type SettingLevel = (typeof SETTING_LEVELS)[number];

/** What a run is executed with, every field decided. */
export const effectiveSettingsSchema = z.object({
  args: z.array(z.string()),
  conf: z.record(z.string(), z.string()),
  pyFiles: z.array(z.string()),
  files: z.array(z.string()),
  target: z.literal('local'),
  retries: retryPolicySchema,
  timeoutMs: z.number().int().nullable(),
  priority: z.number().int(),
  startup: z.enum(STARTUPS),
  labels: z.record(z.string(), z.string()),
});
export type EffectiveSettings = z.infer<typeof effectiveSettingsSchema>;

export const runRequestSchema = z.strictObject({
  script: pathSchema,
  ...runSettingsShape,
  /** The content the caller saw; another current content answers `version_changed`. */
  sha256: sha256Schema.optional(),
});
export type RunRequest = z.infer<typeof runRequestSchema>;

export const launchRequestSchema = z.strictObject({
  name: z.string().max(200).optional(),
  defaults: runSettingsSchema.optional(),
  items: z.array(runRequestSchema).min(1).max(LIMITS.launchItems),
});
export type LaunchRequest = z.infer<typeof launchRequestSchema>;

export const rerunRequestSchema = z.strictObject({
  version: z.enum(['pinned', 'latest']).optional(),
  overrides: runSettingsSchema.optional(),
});
export type RerunRequest = z.infer<typeof rerunRequestSchema>;

export const repairRequestSchema = z.strictObject({
  /** Which of the launch's items, by their newest run. */
  only: z.enum(['failed', 'cancelled', 'both']).default('failed'),
  version: z.enum(['pinned', 'latest']).default('latest'),
  overrides: runSettingsSchema.optional(),
});
export type RepairRequest = z.input<typeof repairRequestSchema>;
