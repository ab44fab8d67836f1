import type { FailureKind, LossKind, Phase, WaitingReason } from '@das/contracts/states';

/** Kinds, phases and reasons may grow: what is unknown here is shown as it came, without underscores. */
function word(table: Record<string, string>, key: string): string {
  return table[key] ?? key.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase());
}

const failures: Record<FailureKind, string> = {
  exit_code: 'Exit code',
  signal: 'Signal',
  timeout: 'Timeout',
  out_of_memory: 'Out of memory',
  python_error: 'Python error',
  python_syntax: 'Python syntax error',
  spark_error: 'Spark error',
  submit_error: 'Submit error',
  too_many_losses: 'Too many losses',
};
const losses: Record<LossKind, string> = {
  worker_lost: 'Worker lost',
  database_unavailable: 'MongoDB was away',
  hdfs_unavailable: 'HDFS was away',
  disk_full: 'Disk full',
  drained: 'Worker drained',
};
const reasons: Record<WaitingReason, string> = {
  no_worker: 'No worker takes runs',
  workers_busy: 'All workers are busy',
  backoff: 'Waiting before the next attempt',
  queue_unavailable: 'The queue is away; it will be enqueued when Redis is back',
  hdfs_unavailable: 'HDFS is away',
  recovering: 'Recovering after a lost worker',
};
const phases: Record<Phase, string> = {
  fetching: 'Fetching files',
  submitting: 'Starting Spark',
  accepted: 'Accepted by the cluster',
  running: 'Running',
  finishing: 'Finishing',
};

export const failureWord = (kind: string) => word(failures, kind);
export const lossWord = (kind: string) => word(losses, kind);
export const waitingWord = (reason: string) => word(reasons, reason);
/** What a run waits for whose next attempt is due. That its delay goes on is what was heard before it was over. */
export const dueWord = ({ waiting }: { waiting?: { reason: string } | undefined }) =>
  !waiting || waiting.reason === 'backoff' ? 'it waits for a free place' : lower(waitingWord(waiting.reason));
export const phaseWord = (phase: string) => word(phases, phase);

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
