import type { Fault, Problem, ProblemCode } from '@das/contracts/problem';

/** What the API said when it refused, or `unreachable` when it said nothing. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: ProblemCode | 'unreachable';
  /** Every fault of the request, with its place in the body. */
  readonly faults: Fault[];
  readonly requestId: string | null;
  readonly title: string;

  constructor(
    problem: Partial<Omit<Problem, 'code'>> & { code: ProblemCode | 'unreachable'; title: string; status: number },
  ) {
    super(problem.detail ?? problem.title);
    this.status = problem.status;
    this.code = problem.code;
    this.title = problem.title;
    this.faults = problem.errors ?? [];
    this.requestId = problem.requestId ?? null;
  }
}

/** A thrown anything as an ApiError, so that every error is shown alike. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError({
    code: 'internal_error',
    title: 'The dashboard failed',
    status: 0,
    detail: error instanceof Error ? error.message : String(error),
  });
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
