import type { RunSummary } from '@das/contracts/run';

/** Ids of the runs that another of `runs` runs again: their item is told by the newer run. */
export function repeatedIds(runs: readonly RunSummary[]): ReadonlySet<string> {
  return new Set(runs.flatMap(({ rerunOf }) => (rerunOf ? [rerunOf] : [])));
}
