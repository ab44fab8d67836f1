import { PROBLEMS, problemSchema } from '@das/contracts/problem';
import type { ProblemCode } from '@das/contracts/problem';
import type { RouteSpec } from '@das/contracts/routes';
import { z } from 'zod';

type Json = Record<string, unknown>;

/** What any call may answer besides what its route declares. */
const EVERYWHERE: ProblemCode[] = [
  'invalid_request',
  'unauthenticated',
  'forbidden',
  'database_unavailable',
  'internal_error',
];

/** OpenAPI 3.1 of a route table, from the schemas that validate. */
export function describeApi(routes: Record<string, RouteSpec>): Json & { openapi: string } {
  const paths: Record<string, Json> = {};
  for (const [operationId, route] of Object.entries(routes)) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeOperation(operationId, route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'DAS', version: '1', description: 'Runs the PySpark scripts of an HDFS directory, many at a time.' },
    paths,
    components: {
      schemas: { Problem: schemaOf(problemSchema, 'output') },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'das_session' },
      },
    },
    security: [{ token: [] }, { session: [] }],
  };
}

function describeOperation(operationId: string, route: RouteSpec): Json {
  return {
    operationId,
    summary: route.summary,
    ...(route.open ? { security: [] } : {}),
    parameters: [...parametersOf(route.params, 'path'), ...parametersOf(route.query, 'query'), ...headersOf(route)],
    ...(route.body ? { requestBody: describeBody(route.body) } : {}),
    responses: { ...describeAnswers(route), ...describeProblems(route) },
  };
}

function parametersOf(schema: z.ZodObject | undefined, place: 'path' | 'query'): Json[] {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path' || !(field as z.ZodType).safeParse(undefined).success,
    // Lists are written with commas.
    ...(place === 'query' ? { style: 'form', explode: false } : {}),
    schema: schemaOf(field as z.ZodType, 'output'),
  }));
}

function headersOf(route: RouteSpec): Json[] {
  if (route.conditional)
    return ['If-Match', 'If-None-Match'].map((name) => ({ name, in: 'header', required: false, schema: { type: 'string' } })); // prettier-ignore
  if (!route.idempotent) return [];
  const key = { name: 'Idempotency-Key', schema: { type: 'string', minLength: 1, maxLength: 255 } };
  const submitter = { name: 'X-DAS-Submitter', schema: { type: 'string', maxLength: 128 } };
  return [key, submitter].map((header) => ({ ...header, in: 'header', required: false }));
}

function describeBody(schema: z.ZodType): Json {
  const required = !schema.safeParse(undefined).success;
  return { required, content: { 'application/json': { schema: schemaOf(schema, 'input') } } };
}

function describeAnswers({ answers }: RouteSpec): Json {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { description, schema, contentType }]) => {
      const type = schema ? 'application/json' : contentType;
      const content = schema ? { schema: schemaOf(schema, 'output') } : { schema: { type: 'string' } };
      return [status, { description, ...(type ? { content: { [type]: content } } : {}) }];
    }),
  );
}

function describeProblems(route: RouteSpec): Json {
  const codes = [...new Set([...EVERYWHERE, ...route.problems])].filter(
    (code) => !(PROBLEMS[code].status in route.answers),
  );
  const byStatus = Object.groupBy(codes, (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, group = []]) => {
      const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
      return [status, { description: group.join(', '), content }];
    }),
  );
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any' });
  return described as Json;
}
