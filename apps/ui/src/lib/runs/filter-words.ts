import type { FilterName } from './filters.ts';

/** What each filter is called. */
export const FILTER_WORDS: Record<FilterName, string> = {
  state: 'State',
  q: 'Text',
  script: 'Script',
  prefix: 'Folder',
  launch: 'Launch',
  label: 'Label',
  submitter: 'By',
  failureKind: 'Failure',
  cause: 'Cause',
  worker: 'Worker',
  createdAfter: 'After',
  createdBefore: 'Before',
  last: 'Created',
};
