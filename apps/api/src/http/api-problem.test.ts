import { HdfsDenied, HdfsNotFound, HdfsTooLarge, HdfsUnavailable } from '@das/core/hdfs/errors';
import { DatabaseUnavailable } from '@das/core/mongo/errors';
import { IdempotencyConflict } from '@das/core/mongo/idempotency';
import { expect, it } from 'vitest';
import { ApiProblem, DeadlinePassed, invalidRequest, problemBody, toApiProblem } from './api-problem.ts';

it.each([
  [new ApiProblem('not_found', 'x'), 'not_found'],
  [new HdfsNotFound('/a', 'x'), 'not_found'],
  [new HdfsDenied('/a', 'x'), 'forbidden'],
  [new HdfsTooLarge('/a', 2, 1), 'payload_too_large'],
  [new HdfsUnavailable('/a', 'x'), 'hdfs_unavailable'],
  [new DatabaseUnavailable('x'), 'database_unavailable'],
  [new DeadlinePassed('x'), 'database_unavailable'],
  [new IdempotencyConflict(), 'idempotency_conflict'],
  [Object.assign(new Error('too large'), { status: 413 }), 'payload_too_large'],
  [Object.assign(new Error('encoding'), { status: 415 }), 'unsupported_media_type'],
  [Object.assign(new URIError('Failed to decode'), { status: 400 }), 'invalid_request'],
  [new Error('secret detail'), 'internal_error'],
  ['a string', 'internal_error'],
])('%s becomes %s', (error, code) => {
  const problem = toApiProblem(error);
  expect(problem.code).toBe(code);
  expect('Retry-After' in problem.headers).toBe(code.endsWith('_unavailable'));
});

it('tells nothing of a fault of DAS itself but where to look', () => {
  const body = problemBody(toApiProblem(new Error('secret detail')), 'r1');
  expect(JSON.stringify(body)).not.toContain('secret');
  expect(body).toMatchObject({ status: 500, code: 'internal_error', requestId: 'r1' });
});

it('tells all faults, and the first of them in words', () => {
  const faults = [
    { path: 'args.0', message: 'must not contain a NUL character' },
    { path: 'foo', message: 'is not known here' },
  ];
  expect(problemBody(invalidRequest(faults), 'r1')).toEqual({
    type: 'urn:das:problem:invalid_request',
    title: 'The request is not valid',
    status: 400,
    code: 'invalid_request',
    detail: 'args.0: must not contain a NUL character (and 1 more)',
    errors: faults,
    requestId: 'r1',
  });
});
