import { remembered } from '../ui/remembered.ts';

/** Where the query is kept of the view that /runs opens with. */
export const DEFAULT_VIEW = 'das.runs.view';

/** That query; empty where none was chosen, or nothing can be stored. */
export function defaultQuery(): string {
  return remembered(DEFAULT_VIEW) ?? '';
}
