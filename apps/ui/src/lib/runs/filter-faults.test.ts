import { describe, expect, it } from 'vitest';
import { ApiError } from '../api/error.ts';
import { filterFaults, refusedFilters } from './filter-faults.ts';

const early = '2026-11-22T10:00:00.000Z';
const late = '2026-11-23T10:00:00.000Z';

describe('what is wrong with filters', () => {
  it.each([
    [{}, {}],
    [{ state: 'failed,queued', label: 'a:b:c', failureKind: 'timeout', createdAfter: early, createdBefore: late }, {}],
    [{ label: 'a:', state: '', failureKind: '', createdAfter: '', last: '1h' }, {}],
    [{ state: 'failed,bogus' }, { state: 'There is no state “bogus”' }],
    [{ failureKind: 'bogus' }, { failureKind: 'There is no failure “bogus”' }],
    [{ label: 'team' }, { label: 'Write it as key:value' }],
    [{ createdAfter: 'rubbish' }, { createdAfter: '“rubbish” is no time' }],
    [{ createdBefore: '2026-13-01T00:00:00.000Z' }, { createdBefore: '“2026-13-01T00:00:00.000Z” is no time' }],
    [{ createdAfter: late, createdBefore: early }, { createdBefore: 'Must be later than “Created after”' }],
    [{ launch: 'x'.repeat(65) }, { launch: 'At most 64 characters' }],
  ])('%j: %j', (filters, faults) => expect(filterFaults(filters)).toEqual(faults));

  it('names the filters that the API has refused, and nothing else', () => {
    const errors = [
      { path: 'query.worker', message: 'no' },
      { path: 'query.limit', message: 'too many' },
    ];
    const refused = new ApiError({ code: 'invalid_request', title: 'Invalid', status: 400, errors });
    expect(refusedFilters(refused)).toEqual({ worker: 'no' });
    expect(refusedFilters(null)).toEqual({});
  });
});
