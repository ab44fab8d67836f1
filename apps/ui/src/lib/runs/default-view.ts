/** Where the query is kept of the view that /runs opens with. */
export const DEFAULT_VIEW = 'das.runs.view';

/** That query; empty where none was chosen, or nothing can be stored. */
export function defaultQuery(): string {
  try {
    return localStorage.getItem(DEFAULT_VIEW) ?? '';
  } catch {
    return '';
  }
}
