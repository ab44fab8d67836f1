import { mkdir } from 'node:fs/promises';
import { findChromium, MissingError, type Machine } from './machine.ts';
import { prepare } from './prepare.ts';
import { embeddedParts, homeOf, readEnvironment, repositoryRoot, runtimeDirOf } from './settings.ts';
import { terminalSteps } from './steps.ts';
import { buildUiIfStale } from './ui.ts';

/** Before `npm test`: everything that the tests start is on this machine, and the dashboard is built. */
async function prepareTests(): Promise<void> {
  const env = readEnvironment(repositoryRoot, process.env);
  const machine: Machine = { env, steps: terminalSteps(process.stdout), signal: stopSignal() };
  await mkdir(homeOf(repositoryRoot, env), { recursive: true, mode: 0o700 });
  await findChromium(machine);
  await Promise.all([
    prepare({ ...machine, runtimeDir: runtimeDirOf(repositoryRoot, env), parts: embeddedParts(env) }),
    buildUiIfStale({ ...machine, root: repositoryRoot }),
  ]);
}

/** Ctrl-C ends what is being installed, too. */
function stopSignal(): AbortSignal {
  const asked = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => asked.abort());
  return asked.signal;
}

try {
  await prepareTests();
} catch (error) {
  console.error(error instanceof MissingError ? error.message : error);
  process.exitCode = 1;
}
