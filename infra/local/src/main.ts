import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LockHeldError, takeLock } from './file-lock.ts';
import { Stack } from './launch.ts';
import { openLog } from './log.ts';
import { MissingError } from './machine.ts';
import { launchSettings, readEnvironment, repositoryRoot, UsageError } from './settings.ts';
import { readStackFile } from './stack-file.ts';
import { terminalSteps } from './steps.ts';

/** npm passes a terminal's Ctrl-C on to us, to whom the terminal has sent it already: that is one, not two. */
const SAME_SIGNAL_MS = 1_000;

/** `npm start`: exit status 0 = stopped as asked, 1 = did not start or could not go on, 2 = wrong usage. */
async function main(args: string[]): Promise<number> {
  const steps = terminalSteps(process.stdout);
  const settings = launchSettings(repositoryRoot, readEnvironment(repositoryRoot, process.env), args);
  await mkdir(settings.home, { recursive: true });
  await chmod(settings.home, 0o700); // also one that was there before
  const release = await takeLock(join(settings.home, 'launcher.lock'));
  const log = openLog({ file: settings.logFile, format: settings.logFormat, print: steps.say });
  const asked = new AbortController();
  let failure: string | undefined;
  const stack = new Stack(settings, steps, log, (name) => {
    failure = `${name} refuses its settings (see above)`;
    asked.abort();
  });
  onStopSignals(asked, () => stack.kill());
  const startedAt = performance.now();
  try {
    const url = await stack.start(asked.signal);
    const took = ((performance.now() - startedAt) / 1000).toFixed(1);
    steps.say(
      url
        ? `\nDAS is ready after ${took} s: ${url}   (Ctrl-C stops it)\n`
        : `\nThe services are ready after ${took} s.\n`,
    );
    await aborted(asked.signal);
  } catch (error) {
    if (!asked.signal.aborted) failure = (error as Error).message;
    asked.abort();
  }
  if (failure !== undefined) log.error(failure);
  await steps.run('Stopped', () => stack.stop());
  await log.close();
  await release();
  return failure === undefined ? 0 : 1;
}

/** The first signal asks to stop, the second kills outright. */
function onStopSignals(asked: AbortController, kill: () => Promise<void>): void {
  let first: number | undefined;
  const stop = () => {
    asked.abort();
    if (first !== undefined && performance.now() - first > SAME_SIGNAL_MS) void kill();
    first ??= performance.now();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const waiting = Promise.withResolvers<void>();
  // A pending promise alone keeps no process alive; the children's handles do, this makes sure.
  const alive = setInterval(() => undefined, 60_000);
  signal.addEventListener('abort', () => waiting.resolve(), { once: true });
  await waiting.promise;
  clearInterval(alive);
}

async function explain(error: unknown): Promise<number> {
  if (error instanceof LockHeldError) {
    const home = join(error.file, '..');
    const stack = await readStackFile(home);
    const where = stack ? `at ${stack.apiUrl ?? stack.hdfsUrl}` : '(it is starting or stopping)';
    console.error(`DAS is already running ${where}, process ${error.holder.pid}. npm run stop stops it.`);
    return 1;
  }
  if (error instanceof UsageError || error instanceof MissingError) {
    console.error(error.message);
    return 2;
  }
  console.error(error);
  return 1;
}

process.exitCode = await main(process.argv.slice(2)).catch(explain);
process.exit();
