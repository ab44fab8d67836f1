import { z } from 'zod';
import { bytesSchema, durationSchema, idSchema, sha256Schema, submitterSchema, timeSchema } from './primitives.ts';
import { retryPolicySchema } from './run-request.ts';
import { ATTEMPT_STATES, FAILURE_KINDS, LOSS_KINDS, PHASES, RUN_STATES, WAITING_REASONS, STARTUPS } from './states.ts';

export const failureSchema = z.object({
  kind: z.enum(FAILURE_KINDS),
  /** One line a person reads first. */
  summary: z.string(),
  /** The lines of the log that say why: a traceback's end, a `Caused by`. */
  excerpt: z.string(),
  /** Why no retry followed, where one was left. */
  notRetried: z.string().optional(),
});
export type Failure = z.infer<typeof failureSchema>;

export const lossSchema = z.object({ kind: z.enum(LOSS_KINDS), summary: z.string() });
export type Loss = z.infer<typeof lossSchema>;

export const waitingSchema = z.object({
  reason: z.enum(WAITING_REASONS),
  since: timeSchema,
  /** Runs that go before this one; single-run reads only. */
  position: z.number().int().nonnegative().optional(),
  detail: z.string(),
});
export type Waiting = z.infer<typeof waitingSchema>;

export const resultSchema = z.object({
  exitCode: z.number().int().nullable(),
  /** The last 4 KiB of stdout. */
  tail: z.string(),
  /** The JSON that the script wrote to `$DAS_RESULT_FILE`. */
  value: z.json().optional(),
  /** Why there is no `value` although the script wrote the file. */
  error: z.string().optional(),
});
export type RunResult = z.infer<typeof resultSchema>;

/** How far Spark is with an attempt, in what is known so far: a script that goes on adds to it. */
export const progressSchema = z.object({
  stages: z.number().int(),
  stagesDone: z.number().int(),
  tasks: z.number().int(),
  tasksDone: z.number().int(),
  /** An estimate of the time left, in ms, when it was written. */
  etaMs: z.number().optional(),
});
export type Progress = z.infer<typeof progressSchema>;

export const attemptSchema = z.object({
  n: z.number().int().positive(),
  state: z.enum(ATTEMPT_STATES),
  phase: z.enum(PHASES),
  claims: z.array(z.object({ workerId: z.string(), from: timeSchema, to: timeSchema.nullable() })),
  startedAt: timeSchema,
  submittedAt: timeSchema.nullable(),
  runningAt: timeSchema.nullable(),
  finishedAt: timeSchema.nullable(),
  exitCode: z.number().int().nullable(),
  signal: z.string().nullable(),
  failure: failureSchema.optional(),
  loss: lossSchema.optional(),
  deployMode: z.enum(['client', 'cluster']),
  appTag: z.string().nullable(),
  sparkAppId: z.string().nullable(),
  trackingUrl: z.string().nullable(),
  progress: progressSchema.optional(),
  /** It was told to end: SIGTERM to all its processes, and SIGKILL to what lives on at `killAt`. */
  stopping: z.object({ signalledAt: timeSchema, killAt: timeSchema }).optional(),
  logSize: bytesSchema,
  /** The argv that was executed. */
  command: z.array(z.string()),
});
export type Attempt = z.infer<typeof attemptSchema>;

/** A run as lists and sockets give it: everything but its attempts. */
export const runSummarySchema = z.object({
  id: idSchema,
  script: z.object({ path: z.string(), sha256: sha256Schema, size: bytesSchema }),
  version: sha256Schema,
  args: z.array(z.string()),
  conf: z.record(z.string(), z.string()),
  pyFiles: z.array(z.string()),
  files: z.array(z.string()),
  target: z.string(),
  labels: z.record(z.string(), z.string()),
  launchId: idSchema.nullable(),
  rerunOf: idSchema.nullable(),
  submittedBy: submitterSchema,
  state: z.enum(RUN_STATES),
  /** Grows with every change of the run; a reader ignores what is not newer than what it holds. */
  seq: z.number().int().nonnegative(),
  priority: z.number().int(),
  retries: retryPolicySchema,
  timeoutMs: durationSchema.nullable(),
  startup: z.enum(STARTUPS),
  failures: z.number().int().nonnegative(),
  losses: z.number().int().nonnegative(),
  drifted: z.boolean(),
  waiting: waitingSchema.optional(),
  nextAttemptAt: timeSchema.optional(),
  createdAt: timeSchema,
  startedAt: timeSchema.nullable(),
  finishedAt: timeSchema.nullable(),
  durationMs: durationSchema.nullable(),
  result: resultSchema.optional(),
  failure: failureSchema.optional(),
  attemptCount: z.number().int().nonnegative(),
  /** Of the attempt that is running now. */
  phase: z.enum(PHASES).nullable(),
  /** Of that attempt, too. */
  progress: progressSchema.optional(),
  workerId: z.string().nullable(),
});
export type RunSummary = z.infer<typeof runSummarySchema>;

export const runSchema = runSummarySchema.extend({ attempts: z.array(attemptSchema) });
export type Run = z.infer<typeof runSchema>;

/** One line of a run's append-only history. */
export const runEventSchema = z.object({
  at: timeSchema,
  /** Who did it: `api`, `worker <id>`, `reconciler`, a submitter. */
  actor: z.string(),
  type: z.string(),
  from: z.enum(RUN_STATES).nullable(),
  to: z.enum(RUN_STATES),
  reason: z.string(),
});
export type RunEvent = z.infer<typeof runEventSchema>;
