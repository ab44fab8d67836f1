import { hasCause } from '@das/contracts/cause';
import type { RunSummary } from '@das/contracts/run';
import { RUN_STATES, type RunState } from '@das/contracts/states';

/** The filters of GET /runs that the Runs page knows; they live in the page's address under the same names. */
export const FILTER_NAMES = [
  'state',
  'q',
  'script',
  'prefix',
  'launch',
  'label',
  'submitter',
  'failureKind',
  'cause',
  'worker',
  'createdAfter',
  'createdBefore',
  // The page's own: a stretch of time that moves on, see TIMES.
  'last',
] as const;
export type FilterName = (typeof FILTER_NAMES)[number];
export type RunFilters = Partial<Record<FilterName, string>>;
/** What the API is asked: times are fixed. */
export type AskedFilters = Omit<RunFilters, 'last'>;

const HOUR = 3_600_000;
/** Stretches of time by the name they have in the address, and how far back in ms those go that end now. */
export const TIMES = {
  '1h': { word: 'Last hour', ms: HOUR },
  '24h': { word: 'Last 24 hours', ms: 24 * HOUR },
  '7d': { word: 'Last 7 days', ms: 7 * 24 * HOUR },
  today: { word: 'Today', ms: null },
  night: { word: 'Last night', ms: null },
} as const;
export type TimeName = keyof typeof TIMES;

export function readFilters(parameters: URLSearchParams): RunFilters {
  const filters: RunFilters = {};
  for (const name of FILTER_NAMES) {
    const value = parameters.get(name);
    if (value) filters[name] = value;
  }
  if (filters.last && !(filters.last in TIMES)) delete filters.last;
  return filters;
}

/** `filters` with their moving stretch of time as it is at `now` (ms), whole minutes. Nights are from 18:00 to 8:00, local time. */
export function asked({ last, ...filters }: RunFilters, now: number): AskedFilters {
  if (!last) return filters;
  const { ms } = TIMES[last as TimeName];
  if (ms !== null) return { ...filters, createdAfter: iso(Math.floor((now - ms) / 60_000) * 60_000) };
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (last === 'today') return { ...filters, createdAfter: iso(midnight) };
  const evening = new Date(midnight - 1).setHours(18, 0, 0, 0);
  return { ...filters, createdAfter: iso(evening), createdBefore: iso(new Date(midnight).setHours(8, 0, 0, 0)) };
}

const iso = (ms: number) => new Date(ms).toISOString();

export function states(filters: RunFilters): RunState[] {
  const wanted = filters.state?.split(',') ?? [];
  return RUN_STATES.filter((state) => wanted.includes(state));
}

/** `filters` with `state` added, or taken away if it was there. */
export function toggleState(filters: RunFilters, state: RunState): RunFilters {
  const held = states(filters);
  const next = held.includes(state) ? held.filter((other) => other !== state) : [...held, state];
  const { state: _, ...rest } = filters;
  return next.length > 0 ? { ...rest, state: RUN_STATES.filter((known) => next.includes(known)).join(',') } : rest;
}

/** Whether the list that these filters ask the server for would hold `run`. */
export function matches(run: RunSummary, filters: AskedFilters): boolean {
  const { q, script, prefix, launch, label, submitter, failureKind, cause, worker, createdAfter, createdBefore } =
    filters;
  if (filters.state && !filters.state.split(',').includes(run.state)) return false;
  if (q && !run.script.path.toLowerCase().includes(q.toLowerCase()) && !run.id.startsWith(q.toUpperCase()))
    return false;
  if (script && run.script.path !== script) return false;
  if (prefix && !run.script.path.startsWith(prefix)) return false;
  if (launch && run.launchId !== launch) return false;
  if (submitter && run.submittedBy.id !== submitter) return false;
  if (failureKind && !failureKind.split(',').includes(run.failure?.kind ?? '')) return false;
  if (cause && !(run.failure && hasCause(run.failure.summary, cause))) return false;
  if (worker && run.workerId !== worker) return false;
  if (createdAfter && run.createdAt < createdAfter) return false;
  if (createdBefore && run.createdAt >= createdBefore) return false;
  if (label) {
    const colon = label.indexOf(':');
    if (run.labels[label.slice(0, colon)] !== label.slice(colon + 1)) return false;
  }
  return true;
}
