import { z } from 'zod';

/** Every error code of the contract with its HTTP status and title (RFC 9457). */
export const PROBLEMS = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'A valid token is needed' },
  forbidden: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  invalid_state: { status: 409, title: 'Not possible in this state' },
  idempotency_conflict: { status: 409, title: 'The idempotency key was used with another body' },
  version_changed: { status: 409, title: 'The content has changed' },
  precondition_failed: { status: 412, title: 'Somebody else changed it meanwhile' },
  payload_too_large: { status: 413, title: 'Too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal_error: { status: 500, title: 'A fault in DAS itself' },
  hdfs_unavailable: { status: 503, title: 'HDFS does not answer' },
  database_unavailable: { status: 503, title: 'MongoDB does not answer' },
} as const;
export type ProblemCode = keyof typeof PROBLEMS;
export const PROBLEM_CODES = Object.keys(PROBLEMS) as ProblemCode[];

export const faultSchema = z.object({
  /** Where in the request: `items.3.args.0`, `query.limit`, `header.Idempotency-Key`. */
  path: z.string(),
  message: z.string(),
});
export type Fault = z.infer<typeof faultSchema>;

/** `application/problem+json` */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.enum(PROBLEM_CODES),
  detail: z.string(),
  errors: z.array(faultSchema).optional(),
  requestId: z.string(),
});
export type Problem = z.infer<typeof problemSchema>;
