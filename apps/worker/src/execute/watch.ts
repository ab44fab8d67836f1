import type { Hold } from './hold.ts';
import { SpawnFailed, SupervisorLost } from './supervisor.ts';
import type { Ended, StartOrder, Supervisor } from './supervisor.ts';

/** How the processes of an attempt ended, or why there were none. */
export type ProcessEnd = (Ended & { oomKilled: boolean }) | SpawnFailed | SupervisorLost;

/**
 * From the spawn to the death of the last process: the supervisor gets every later deadline and every word to stop
 * that the hold says; the time-out runs from the spawn.
 */
export async function runSupervised(
  supervisor: Supervisor,
  hold: Hold,
  order: Omit<StartOrder, 'deadline'>,
  timeoutMs: number | null,
  oomKilled: () => boolean,
): Promise<ProcessEnd> {
  const unlisten = hold.onChange(() => pass(hold, supervisor));
  let timeout: NodeJS.Timeout | undefined;
  try {
    const started = supervisor.start({ ...order, deadline: hold.deadline });
    if (hold.reason !== null) pass(hold, supervisor);
    await started;
    if (timeoutMs !== null) timeout = setTimeout(() => hold.stop('timeout'), timeoutMs);
    return { ...(await supervisor.ended), oomKilled: oomKilled() };
  } catch (error) {
    if (error instanceof SpawnFailed || error instanceof SupervisorLost) return error;
    throw error;
  } finally {
    clearTimeout(timeout);
    unlisten();
  }
}

function pass(hold: Hold, supervisor: Supervisor): void {
  supervisor.extend(hold.deadline);
  if (hold.reason === 'superseded') supervisor.kill();
  else if (hold.reason !== null) supervisor.stop();
}
