import type { Overview, Readiness } from '@das/contracts/system';
import { getSettings, listWorkers } from '../api/system.ts';
import { asApiError } from '../api/error.ts';
import type { Check } from './health-history.svelte.ts';

type Seen = { readiness: Readiness | null; overview: Overview | null; checks: readonly Check[] };

/** What somebody who is asked for help wants to see, as JSON: secrets are masked by the server already. Never throws. */
export async function diagnostics({ readiness, overview, checks }: Seen): Promise<string> {
  const asked = <T>(answer: Promise<T>) => answer.catch((error: unknown) => ({ error: asApiError(error).message }));
  const [settings, workers] = await Promise.all([asked(getSettings()), asked(listWorkers())]);
  const failed = checks.filter(({ readiness: { status } }) => status !== 'ok');
  return JSON.stringify(
    {
      at: new Date().toISOString(),
      address: location.origin,
      browser: navigator.userAgent,
      readiness,
      checks: { made: checks.length, failed: failed.map(({ at, readiness: then }) => ({ at: new Date(at), ...then })) },
      overview,
      workers: 'items' in workers ? workers.items : workers,
      settings: 'items' in settings ? settings.items : settings,
    },
    null,
    2,
  );
}
