import { ROUTES } from '@das/contracts/routes';
import { expect, it } from 'vitest';
import { describeApi } from './openapi.ts';

type Operation = {
  operationId: string;
  parameters: { name: string; in: string; required: boolean; schema: object }[];
  responses: object;
};
const { openapi, paths } = describeApi(ROUTES) as unknown as {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
};

it('describes every call of the contract, with an answer and its problems', () => {
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  expect(openapi).toBe('3.1.0');
  expect(operations.map(({ operationId }) => operationId).toSorted()).toEqual(Object.keys(ROUTES).toSorted());
  for (const { responses } of operations)
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['400', '401', '403', '503']));
});

it('describes parameters as a client writes them', () => {
  const parameters = paths['/api/v1/runs']?.['get']?.parameters ?? [];
  const named = (name: string) => parameters.find((parameter) => parameter.name === name);
  expect(named('limit')).toMatchObject({
    in: 'query',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
  });
  expect(named('state')).toMatchObject({ explode: false, schema: { type: 'array' } });
  expect(paths['/api/v1/runs/{id}']?.['get']?.parameters[0]).toMatchObject({ name: 'id', in: 'path', required: true });
});
