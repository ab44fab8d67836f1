import type { RunState } from '@das/contracts/states';

/**
 * Every legal change of a run's state, in one table.
 *
 *   submit ──► queued ──claim──► running ──complete──► completed
 *                │  ▲               │ ├────fail──────► failed
 *                │  └─(nothing)     │ └─requestCancel─► cancelling ──confirmCancel──► cancelled
 *                │                retry, lose
 *                │                  ▼
 *                └─cancelWaiting─ retrying ──claim──► running
 *
 * Persistence is a compare-and-set on `{_id, state, fencingToken}`: `from` is what the stored state must be.
 * Terminal is for ever: no row starts at completed, failed or cancelled (transitions.test.ts holds that).
 */
export const TRANSITIONS = {
  /** A worker takes the run; raises the fencing token and sets the lease. */
  claim: { from: ['queued', 'retrying'], to: 'running' },
  complete: { from: ['running'], to: 'completed' },
  /** The last failure, one that is not retried, or one loss too many. */
  fail: { from: ['running'], to: 'failed' },
  /** A failure with a retry left. */
  retry: { from: ['running'], to: 'retrying' },
  /** The infrastructure ended the attempt; uses up no retry. */
  lose: { from: ['running'], to: 'retrying' },
  /** Something runs: it has to be dead before the run is cancelled. */
  requestCancel: { from: ['running'], to: 'cancelling' },
  /** Nothing runs: cancelled at once. */
  cancelWaiting: { from: ['queued', 'retrying'], to: 'cancelled' },
  /** The process tree is dead. */
  confirmCancel: { from: ['cancelling'], to: 'cancelled' },
} as const satisfies Record<string, { from: readonly RunState[]; to: RunState }>;

export type TransitionName = keyof typeof TRANSITIONS;

/** Whether `name` may be applied to a run in `state`. */
export function isLegal(name: TransitionName, state: RunState): boolean {
  return (TRANSITIONS[name].from as readonly RunState[]).includes(state);
}

/** The transition that a cancel request means for a run in `state`; null where there is none. */
export function cancelTransition(state: RunState): 'requestCancel' | 'cancelWaiting' | null {
  if (isLegal('cancelWaiting', state)) return 'cancelWaiting';
  return isLegal('requestCancel', state) ? 'requestCancel' : null;
}
