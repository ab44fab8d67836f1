import type { RunState } from '@das/contracts/states';

/** How a bar of runs and its legend tell the states: what is done first, so that the bar fills from the left. */
export const STATE_ORDER = [
  'completed',
  'failed',
  'cancelled',
  'cancelling',
  'running',
  'retrying',
  'queued',
] as const satisfies RunState[];
