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
  'worker',
  'createdAfter',
  'createdBefore',
] as const;
export type FilterName = (typeof FILTER_NAMES)[number];
export type RunFilters = Partial<Record<FilterName, string>>;

export function readFilters(parameters: URLSearchParams): RunFilters {
  const filters: RunFilters = {};
  for (const name of FILTER_NAMES) {
    const value = parameters.get(name);
    if (value) filters[name] = value;
  }
  return filters;
}

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
export function matches(run: RunSummary, filters: RunFilters): boolean {
  const { q, script, prefix, launch, label, submitter, failureKind, worker, createdAfter, createdBefore } = filters;
  if (filters.state && !filters.state.split(',').includes(run.state)) return false;
  if (q && !run.script.path.toLowerCase().includes(q.toLowerCase()) && !run.id.startsWith(q)) return false;
  if (script && run.script.path !== script) return false;
  if (prefix && !run.script.path.startsWith(prefix)) return false;
  if (launch && run.launchId !== launch) return false;
  if (submitter && run.submittedBy.id !== submitter) return false;
  if (failureKind && !failureKind.split(',').includes(run.failure?.kind ?? '')) return false;
  if (worker && run.workerId !== worker) return false;
  if (createdAfter && run.createdAt < createdAfter) return false;
  if (createdBefore && run.createdAt >= createdBefore) return false;
  if (label) {
    const colon = label.indexOf(':');
    if (run.labels[label.slice(0, colon)] !== label.slice(colon + 1)) return false;
  }
  return true;
}
