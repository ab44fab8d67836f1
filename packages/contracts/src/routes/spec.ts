import { z } from 'zod';
import { idSchema } from '../primitives.ts';
import type { ProblemCode } from '../problem.ts';

export type Answer = { description: string; schema?: z.ZodType; contentType?: string };

export type RouteSpec = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `:name` for parameters. */
  path: string;
  summary: string;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Largest body in bytes; the default is `LIMITS.bodyBytes`. */
  bodyBytes?: number;
  answers: Record<number, Answer>;
  /** What it may answer besides `invalid_request`, `unauthenticated`, `forbidden` and `database_unavailable`. */
  problems: ProblemCode[];
  /** Takes `Idempotency-Key`. */
  idempotent?: true;
  /** Takes `If-Match` and `If-None-Match: *`; answers with `ETag`. */
  conditional?: true;
  /** Answers without a token, even where one is set. */
  open?: true;
};

export const V1 = '/api/v1';
export const byId = z.object({ id: idSchema });
export const ok = <S extends z.ZodType>(schema: S, description = 'OK') => ({ 200: { description, schema } });
export const accepted = <S extends z.ZodType>(schema: S, again = 'The first answer again (same Idempotency-Key)') => ({
  202: { description: 'Accepted', schema },
  200: { description: again, schema },
});
export const none = { 204: { description: 'Done' } };
