import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readHolder } from './file-lock.ts';
import { isAlive } from './process-identity.ts';
import { homeOf, launchSettings, readEnvironment, repositoryRoot } from './settings.ts';
import { terminalSteps } from './steps.ts';

/** `npm run stop`: ends the `npm start` of this home in order; one that does not end in time is killed (its services die with it). */
async function stop(): Promise<number> {
  const env = readEnvironment(repositoryRoot, process.env);
  const home = homeOf(repositoryRoot, env);
  const launcher = await readHolder(join(home, 'launcher.lock'));
  if (!launcher || !(await isAlive(launcher))) {
    console.log(`No DAS is running in ${home}.`);
    return 0;
  }
  const patienceMs = launchSettings(repositoryRoot, env, []).workerStopMs + 30_000;
  await terminalSteps(process.stdout).run(`Stopped process ${launcher.pid}`, async () => {
    process.kill(launcher.pid, 'SIGTERM');
    const deadline = performance.now() + patienceMs;
    while (await isAlive(launcher)) {
      if (performance.now() > deadline) process.kill(launcher.pid, 'SIGKILL');
      await delay(100);
    }
  });
  return 0;
}

process.exitCode = await stop();
