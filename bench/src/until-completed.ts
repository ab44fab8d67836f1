import { setTimeout as sleep } from 'node:timers/promises';
import type { Das } from '@das/testkit/das';

/**
 * Resolves, at most 20 ms late, when all of these runs have completed. Asks MongoDB, so that the API has nothing to do with it; not before
 * `earliestMs` from now, when it cannot be, as each question costs the machine a millisecond.
 */
export async function untilCompleted(das: Das, ids: readonly string[], earliestMs = 0): Promise<void> {
  await sleep(earliestMs);
  const completed = { _id: { $in: [...ids] }, state: 'completed' as const };
  while ((await das.db.runs.countDocuments(completed)) < ids.length) await sleep(20);
}
