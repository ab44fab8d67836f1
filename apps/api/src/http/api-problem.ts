import { PROBLEMS } from '@das/contracts/problem';
import type { Fault, Problem, ProblemCode } from '@das/contracts/problem';
import { HdfsDenied, HdfsNotFound, HdfsRejected, HdfsTooLarge, HdfsUnavailable } from '@das/core/hdfs/errors';
import { isDatabaseAway } from '@das/core/mongo/errors';
import { IdempotencyConflict } from '@das/core/mongo/idempotency';

export type ProblemDetails = {
  /** The places in the request that are at fault. */
  errors?: readonly Fault[] | undefined;
  headers?: Record<string, string> | undefined;
  cause?: unknown;
};

/** What a handler throws to answer with a problem (RFC 9457). */
export class ApiProblem extends Error {
  override name = 'ApiProblem';
  readonly code: ProblemCode;
  readonly errors: readonly Fault[];
  readonly headers: Record<string, string>;

  constructor(code: ProblemCode, detail: string, { errors = [], headers = {}, cause }: ProblemDetails = {}) {
    super(detail, cause === undefined ? undefined : { cause });
    this.code = code;
    this.errors = errors;
    this.headers = headers;
  }
}

/** 400 with every fault that was found. */
export function invalidRequest(errors: readonly Fault[]): ApiProblem {
  const [first] = errors;
  const told = first ? `${first.path || 'the request'}: ${first.message}` : 'the request is not valid';
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new ApiProblem('invalid_request', told + more, { errors });
}

/** Seconds after which a service that was away is worth another try. */
const RETRY_AFTER = { 'Retry-After': '2' };

/** A handler that was still waiting when its time was over. */
export class DeadlinePassed extends Error {
  override name = 'DeadlinePassed';
}

/** The one place where errors become problems. What is not known here is a fault of DAS itself. */
export function toApiProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (error instanceof IdempotencyConflict) return new ApiProblem('idempotency_conflict', error.message);
  if (error instanceof HdfsNotFound) return new ApiProblem('not_found', error.message);
  if (error instanceof HdfsDenied) return new ApiProblem('forbidden', error.message);
  if (error instanceof HdfsTooLarge) return new ApiProblem('payload_too_large', error.message);
  if (error instanceof HdfsRejected) return new ApiProblem('invalid_request', error.message);
  if (error instanceof HdfsUnavailable)
    return new ApiProblem('hdfs_unavailable', error.message, { headers: RETRY_AFTER });
  // HDFS has a shorter deadline inside a handler, so what is still waited for at its end is MongoDB.
  if (error instanceof DeadlinePassed || isDatabaseAway(error)) {
    const what = error instanceof DeadlinePassed ? `${error.message}, most likely of MongoDB` : 'MongoDB did not answer in time'; // prettier-ignore
    const detail = `${what}; whether a change was made is unknown, an Idempotency-Key makes it safe to ask again`;
    return new ApiProblem('database_unavailable', detail, { headers: RETRY_AFTER, cause: error });
  }
  if (isHttpError(error)) return fromHttpError(error);
  return new ApiProblem('internal_error', 'DAS met an error of its own; its log tells more under this requestId', {
    cause: error,
  });
}

/** `raw-body` and Express itself throw these. */
type HttpError = Error & { status: number; type?: string };

function isHttpError(error: unknown): error is HttpError {
  return (
    error instanceof Error &&
    'status' in error &&
    typeof error.status === 'number' &&
    error.status >= 400 &&
    error.status < 500
  );
}

function fromHttpError({ status, message }: HttpError): ApiProblem {
  if (status === 413) return new ApiProblem('payload_too_large', 'the body is larger than this call allows');
  if (status === 415)
    return new ApiProblem('unsupported_media_type', 'the body must be sent as it is, without Content-Encoding');
  return new ApiProblem('invalid_request', message);
}

/** `application/problem+json` */
export function problemBody({ code, message, errors }: ApiProblem, requestId: string): Problem {
  const { status, title } = PROBLEMS[code];
  return {
    type: `urn:das:problem:${code}`,
    title,
    status,
    code,
    detail: message,
    ...(errors.length > 0 ? { errors: [...errors] } : {}),
    requestId,
  };
}
