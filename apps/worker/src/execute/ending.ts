import type { Failure, Loss } from '@das/contracts/run';
import type { ResultDocument } from '@das/core/mongo/documents';
import { DatabaseUnavailable } from '@das/core/mongo/errors';
import { HdfsUnavailable } from '@das/core/hdfs/errors';
import { AttemptStopped } from './hold.ts';
import type { StopReason } from './hold.ts';
import { SpawnFailed, SupervisorLost } from './supervisor.ts';
import type { ExitStatus } from './supervisor.ts';

/** How an attempt ended, before anybody has been told. */
export type Ending =
  | { kind: 'completed'; exit: ExitStatus; result: ResultDocument }
  | { kind: 'failed'; exit: ExitStatus; result: ResultDocument; failure: Failure }
  | {
      kind: 'lost';
      loss: Loss;
      /** Towards MAX_LOSSES. `if_able`: nothing of the script had begun, so only if this worker is not to blame (blame.ts). */
      counts?: 'always' | 'if_able';
    }
  | { kind: 'cancelled'; exit: ExitStatus | null }
  /** Somebody else holds the run: nothing is written. */
  | { kind: 'superseded' };

const DISK_FULL: Loss = { kind: 'disk_full', summary: 'The disk of the worker (WORKER_DIR) is full.' };
/** A script that fills every worker's disk must not be tried for ever (docs/adr/0013). */
export const FILLED_THE_DISK: Ending = {
  kind: 'lost',
  loss: { kind: 'disk_full', summary: 'The attempt itself made the disk of the worker (WORKER_DIR) full.' },
  counts: 'always',
};
/** What keeps a supervisor from starting anything, whatever it is told to start: see fork(2), execve(2). */
const WANTS_OF_THE_MACHINE: readonly string[] = ['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE', 'EIO'];

/** The ending that a stop from outside means. A timeout has its own, with the log's evidence (attempt.ts). */
export function endingOfStop(reason: Exclude<StopReason, 'timeout'>, exit: ExitStatus | null): Ending {
  switch (reason) {
    case 'cancel':
      return { kind: 'cancelled', exit };
    case 'superseded':
      return { kind: 'superseded' };
    case 'drain':
      return {
        kind: 'lost',
        loss: { kind: 'drained', summary: 'The worker was told to stop and handed the run back.' },
      };
    case 'unrenewed':
      return {
        kind: 'lost',
        loss: {
          kind: 'database_unavailable',
          summary:
            'MongoDB did not confirm the lease in time; the script was stopped before another worker could start it.',
        },
      };
    case 'disk_full':
      return { kind: 'lost', loss: DISK_FULL };
    default:
      return reason satisfies never;
  }
}

/** The ending where nothing was started, for a reason that says nothing of what was to be; null where it does. */
export function endingOfNoStart(error: SpawnFailed): Ending | null {
  // Frozen until its lease was over, it must not start, and somebody else may.
  if (error.code === 'ETIME') return endingOfStop('unrenewed', null);
  return isWantOfTheMachine(error) ? endingOfError(error, false) : null;
}

/** The machine could start nothing at all. */
function isWantOfTheMachine(error: unknown): error is SpawnFailed {
  return error instanceof SpawnFailed && WANTS_OF_THE_MACHINE.includes(error.code);
}

/** The ending that an error of DAS or of what it stands on means: a loss, never the script's failure. `begun`: the script was started. */
export function endingOfError(error: unknown, begun: boolean): Ending {
  if (error instanceof AttemptStopped && error.reason !== 'timeout') return endingOfStop(error.reason, null);
  if (error instanceof HdfsUnavailable)
    return { kind: 'lost', loss: { kind: 'hdfs_unavailable', summary: error.message } };
  if (error instanceof DatabaseUnavailable)
    return { kind: 'lost', loss: { kind: 'database_unavailable', summary: error.message } };
  if (isDiskFull(error)) {
    return { kind: 'lost', loss: DISK_FULL };
  }
  const summary = `The worker could not ${begun ? 'execute' : 'start'} the attempt: ${error instanceof Error ? error.message : String(error)}`;
  return { kind: 'lost', loss: { kind: 'worker_lost', summary }, ...countingOf(error, begun) };
}

/** A supervisor that is not there, or starts nothing, knows nothing of the run: that never counts. */
function countingOf(error: unknown, begun: boolean): { counts?: 'always' | 'if_able' } {
  if (isWantOfTheMachine(error) || (error instanceof SupervisorLost && !error.treeMayLive)) return {};
  return { counts: begun ? 'always' : 'if_able' };
}

function isDiskFull(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at.name === 'SpoolDiskFull' || ['ENOSPC', 'EDQUOT'].includes(String((at as { code?: unknown }).code)))
      return true;
  }
  return false;
}
