import type { RunSummary } from '@das/contracts/run';
import type { ScriptStats } from '@das/contracts/script';
import { call, type Page } from './client.ts';

/** How the last runs of a script went. */
export function getScriptStats(path: string, last: number, signal?: AbortSignal): Promise<ScriptStats> {
  return call('GET', '/api/v1/scripts/stats', { query: { path, last }, signal });
}

/** The newest completed run of a script that was created before `run`; null if none was. */
export async function getLastGoodRun(run: RunSummary, signal?: AbortSignal): Promise<RunSummary | null> {
  const query = { script: run.script.path, state: 'completed', createdBefore: run.createdAt, limit: 1 };
  const page: Page<RunSummary> = await call('GET', '/api/v1/runs', { query, signal });
  return page.items[0] ?? null;
}
