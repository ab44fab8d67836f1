/** Loaded before a worker's main (`--import`): its first claim is stored, but the answer does not arrive. */
import { RunStore } from '@das/core/mongo/run-store';
import type { Move } from '@das/core/mongo/run-store';
import { DatabaseUnavailable } from '@das/core/mongo/errors';

const { move } = RunStore.prototype;
let lost = false;

RunStore.prototype.move = async function (this: RunStore, change: Move) {
  const run = await move.call(this, change);
  if (lost || change.name !== 'claim') return run;
  lost = true;
  throw new DatabaseUnavailable('the answer was lost');
};
