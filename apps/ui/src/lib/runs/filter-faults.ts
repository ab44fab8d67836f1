import { LIMITS } from '@das/contracts/limits';
import { FAILURE_KINDS, RUN_STATES } from '@das/contracts/states';
import type { ApiError } from '../api/error.ts';
import { FILTER_NAMES, type FilterName, type RunFilters } from './filters.ts';

/** What is wrong with a filter, in words for people. */
export type FilterFaults = Partial<Record<FilterName, string>>;

/** As the contract has times: UTC with milliseconds. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const LONGEST = {
  launch: 64,
  submitter: LIMITS.submitterChars,
  worker: 128,
  q: 256,
  cause: 400,
  script: 4096,
  prefix: 4096,
};

/** Which filters the API would refuse, found without asking it. */
export function filterFaults(filters: RunFilters): FilterFaults {
  const faults: FilterFaults = { ...tooLong(filters), ...unknown(filters), ...wrongTimes(filters) };
  if (filters.label && !/^[^:]{1,64}:.{0,256}$/s.test(filters.label)) faults.label = 'Write it as key:value';
  return faults;
}

/** Which filters the API has refused. */
export function refusedFilters(error: ApiError | null): FilterFaults {
  if (error?.code !== 'invalid_request') return {};
  const told = error.faults.map(({ path, message }) => [path.replace(/^query\./, '').split('.')[0], message] as const);
  return Object.fromEntries(told.filter(([name]) => FILTER_NAMES.includes(name as FilterName)));
}

function tooLong(filters: RunFilters): FilterFaults {
  const found = Object.entries(LONGEST).filter(([name, most]) => (filters[name as FilterName]?.length ?? 0) > most);
  return Object.fromEntries(found.map(([name, most]) => [name, `At most ${most.toLocaleString('en')} characters`]));
}

function unknown({ state, failureKind }: RunFilters): FilterFaults {
  const strange = (value: string | undefined, known: readonly string[]) =>
    (value || undefined)?.split(',').find((each) => !known.includes(each));
  const [wrongState, wrongKind] = [strange(state, RUN_STATES), strange(failureKind, FAILURE_KINDS)];
  return {
    ...(wrongState === undefined ? {} : { state: `There is no state “${wrongState}”` }),
    ...(wrongKind === undefined ? {} : { failureKind: `There is no failure “${wrongKind}”` }),
  };
}

function wrongTimes({ createdAfter, createdBefore }: RunFilters): FilterFaults {
  const isWrong = (time: string | undefined) =>
    time !== undefined && time !== '' && !(TIME.test(time) && Number.isFinite(Date.parse(time)));
  const [after, before] = [isWrong(createdAfter), isWrong(createdBefore)];
  if (!after && !before && createdAfter && createdBefore && createdAfter >= createdBefore)
    return { createdBefore: 'Must be later than “Created after”' };
  return {
    ...(after ? { createdAfter: `“${createdAfter}” is no time` } : {}),
    ...(before ? { createdBefore: `“${createdBefore}” is no time` } : {}),
  };
}
