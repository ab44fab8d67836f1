/**
 * The words of DAS (design §1): states never grow, kinds, phases and reasons may.
 * Everything that asks "is it over?" asks the predicates of this file.
 */

export const RUN_STATES = ['queued', 'running', 'retrying', 'cancelling', 'completed', 'failed', 'cancelled'] as const;
export type RunState = (typeof RUN_STATES)[number];

export const TERMINAL_RUN_STATES = ['completed', 'failed', 'cancelled'] as const satisfies readonly RunState[];
export type TerminalRunState = (typeof TERMINAL_RUN_STATES)[number];
export const ACTIVE_RUN_STATES = ['queued', 'running', 'retrying', 'cancelling'] as const satisfies readonly RunState[];

export function isTerminal(state: RunState): state is TerminalRunState {
  return (TERMINAL_RUN_STATES as readonly RunState[]).includes(state);
}

export const ATTEMPT_STATES = ['running', 'completed', 'failed', 'cancelled', 'lost'] as const;
export type AttemptState = (typeof ATTEMPT_STATES)[number];

/** Where a running attempt is. `accepted` exists on clusters only. */
export const PHASES = ['fetching', 'submitting', 'accepted', 'running', 'finishing'] as const;
export type Phase = (typeof PHASES)[number];

/** An attempt that ended because of the script or its settings; uses up a retry. */
export const FAILURE_KINDS = [
  'exit_code',
  'signal',
  'timeout',
  'out_of_memory',
  'python_error',
  'python_syntax',
  'spark_error',
  'submit_error',
  'too_many_losses',
] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

/** An attempt that ended because of the infrastructure; uses up no retry. */
export const LOSS_KINDS = ['worker_lost', 'database_unavailable', 'hdfs_unavailable', 'disk_full', 'drained'] as const;
export type LossKind = (typeof LOSS_KINDS)[number];

/** Why a run does not run right now. */
export const WAITING_REASONS = [
  'no_worker',
  'workers_busy',
  'backoff',
  'queue_unavailable',
  'hdfs_unavailable',
  'recovering',
] as const;
export type WaitingReason = (typeof WAITING_REASONS)[number];

/** Of a script, from its newest run. */
export const SCRIPT_STATUSES = ['pending', 'running', 'success', 'failed'] as const;
export type ScriptStatus = (typeof SCRIPT_STATUSES)[number];

export const WORKER_STATES = ['active', 'unhealthy', 'draining', 'drained', 'gone'] as const;
export type WorkerState = (typeof WORKER_STATES)[number];

export const LAUNCH_STATES = ['active', 'failed', 'cancelled', 'completed'] as const;
export type LaunchState = (typeof LAUNCH_STATES)[number];

export const STREAMS = ['stdout', 'stderr'] as const;
export type Stream = (typeof STREAMS)[number];

/**
 * How Spark is started: `standard` gives up nothing; `fast` does without Java's optimising compiler, so that a short script is
 * done sooner and a long one later.
 */
export const STARTUPS = ['standard', 'fast'] as const;
export type Startup = (typeof STARTUPS)[number];
