import { setTimeout as sleep } from 'node:timers/promises';
import { readAnswer } from './read-answer.ts';

const ASK_AGAIN_MS = 500;

export interface AskOptions {
  deadlineMs: number;
  signal?: AbortSignal | undefined;
}

/**
 * The application id that the Spark UI at `uiUrl` serves: under a local master the only place that tells it, unless events are logged
 * (observe-output.ts).
 *
 * Read from the names of the metrics (`/metrics/json`, "local-1763….driver.BlockManager…"), which costs the driver 0.2 s;
 * the first call of Spark's REST API (`/api/v1`) was seen to take 3 to 9 s of a busy driver. The UI says 200 with "Spark is
 * starting up" before its application has an id, so this asks again until the deadline.
 * @returns null when none was told in time, or the UI is gone: a short script may be over already
 */
export async function askApplicationId(uiUrl: string, { deadlineMs, signal }: AskOptions): Promise<string | null> {
  const deadline = AbortSignal.timeout(deadlineMs);
  const bounds = signal ? AbortSignal.any([signal, deadline]) : deadline;
  while (!bounds.aborted) {
    try {
      const response = await fetch(new URL('/metrics/json', uiUrl), { signal: bounds });
      const id = APPLICATION_METRIC.exec(await readAnswer(response))?.[1];
      if (id !== undefined) return id;
    } catch (error) {
      if (isRefused(error)) return null;
    }
    await sleep(ASK_AGAIN_MS, undefined, { signal: bounds }).catch(() => undefined);
  }
  return null;
}

const APPLICATION_METRIC = /"((?:local|app|application|spark)[-_][\w-]{1,100})\.driver\./;

/** fetch hides the socket's error in the cause of its own. */
function isRefused(error: unknown): boolean {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}
