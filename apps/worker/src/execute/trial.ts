import type { ForkServer } from './fork-server.ts';
import { Workspace } from './workspace.ts';

/** A machine that takes longer is in no state to run anything. */
const TRIAL_MS = 5000;

/**
 * Makes what every attempt needs, whatever its run is: a folder with a file in WORKER_DIR, and a supervisor. Rejects with what this
 * worker cannot do.
 */
export async function tryToStart(directory: string, supervisors: ForkServer): Promise<void> {
  const signal = AbortSignal.timeout(TRIAL_MS);
  await tryFiles(directory, signal);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`a supervisor takes longer than ${TRIAL_MS} ms`)));
  });
  await Promise.race([supervisors.forkOneMore(), late]);
}

async function tryFiles(directory: string, signal: AbortSignal): Promise<void> {
  const workspace = new Workspace(directory, 'trial', 0);
  try {
    workspace.make();
    await workspace.put(workspace.placeFor(0, 'trial.py', 'script'), Buffer.from('print("trial")\n'), signal);
  } finally {
    await workspace[Symbol.asyncDispose]().catch(() => undefined);
  }
}
