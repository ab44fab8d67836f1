import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from './log.ts';
import { describeEnding, type Ending, type ServiceProcess } from './service-process.ts';

const FIRST_DELAY_MS = 1_000;
const LAST_DELAY_MS = 30_000;
/** Whoever lived this long starts anew with the shortest delay. */
const STEADY_MS = 60_000;
/** sysexits.h EX_CONFIG: it says that its settings are wrong; starting it again does not help. */
export const EXIT_CONFIG = 78;

/** One or more processes that live and end together. */
export interface Started {
  processes: ServiceProcess[];
  stop(graceMs?: number): Promise<void>;
}

export interface Kept {
  processes(): ServiceProcess[];
  stop(graceMs?: number): Promise<void>;
}

export interface KeepOptions {
  name: string;
  /** Starts it (again), on the same ports and folders. */
  start: (signal: AbortSignal) => Promise<Started>;
  log: Log;
  /** Pids have changed. */
  changed: () => void;
  /** It ended with EXIT_CONFIG. */
  gaveUp: (name: string) => void;
}

/** Starts something (throws if that fails), then starts it again whenever it ends, 1 s to 30 s later, until stopped. */
export async function keepRunning(options: KeepOptions, signal: AbortSignal): Promise<Kept> {
  const stopping = new AbortController();
  let current: Started | undefined = await options.start(AbortSignal.any([signal, stopping.signal]));
  const loop = watch();

  async function watch(): Promise<void> {
    for (let wait = FIRST_DELAY_MS; current && !stopping.signal.aborted;) {
      const since = performance.now();
      const ended = await firstEnded(current.processes, stopping.signal);
      if (!ended || stopping.signal.aborted) return;
      await current.stop();
      if (ended.ending.code === EXIT_CONFIG) return options.gaveUp(ended.name);
      if (performance.now() - since > STEADY_MS) wait = FIRST_DELAY_MS;
      options.log.warn(`${ended.name} ended (${describeEnding(ended.ending)}): starting it again in ${wait / 1000} s`);
      current = await restart(wait);
      wait = Math.min(wait * 2, LAST_DELAY_MS);
    }
  }

  async function restart(firstWait: number): Promise<Started | undefined> {
    for (let wait = firstWait; ; wait = Math.min(wait * 2, LAST_DELAY_MS)) {
      try {
        await delay(wait, undefined, { signal: stopping.signal });
        const started = await options.start(stopping.signal);
        options.changed();
        return started;
      } catch (error) {
        if (stopping.signal.aborted) return undefined;
        options.log.error(`${options.name}: ${(error as Error).message}`);
      }
    }
  }

  return {
    processes: () => current?.processes ?? [],
    async stop(graceMs) {
      stopping.abort();
      await loop;
      await current?.stop(graceMs);
    },
  };
}

async function firstEnded(
  processes: ServiceProcess[],
  signal: AbortSignal,
): Promise<{ name: string; ending: Ending } | undefined> {
  const aborted = Promise.withResolvers<undefined>();
  const abort = () => aborted.resolve(undefined);
  signal.addEventListener('abort', abort, { once: true });
  const endings = processes.map(({ name, exited }) => exited.then((ending) => ({ name, ending })));
  return Promise.race([...endings, aborted.promise]);
}
