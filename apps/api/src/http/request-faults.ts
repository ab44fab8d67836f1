import type { Fault } from '@das/contracts/problem';
import type { z } from 'zod';

/**
 * Where a fault is: fields of the body by their path (`items.3.args.0`, the whole of it `body`), everything else with the
 * part of the request before it: `query.limit`, `params.n`, `header.Idempotency-Key`.
 */
export type RequestPart = 'body' | 'query' | 'params';

type Issue = z.core.$ZodIssue;
type Parsed<T> = { ok: true; value: T } | { ok: false; faults: Fault[] };

/** Parses one part of a request; all its faults at once. */
export function parsePart<S extends z.ZodType>(schema: S, value: unknown, part: RequestPart): Parsed<z.output<S>> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  return {
    ok: false,
    faults: parsed.error.issues.flatMap((issue) => faultsOf(issue, [])).map((fault) => located(fault, part)),
  };
}

type PlacedMessage = { at: PropertyKey[]; message: string };

function located({ at, message }: PlacedMessage, part: RequestPart): Fault {
  const path = at.map(String).join('.');
  if (part === 'body') return { path: path || 'body', message };
  return { path: path ? `${part}.${path}` : part, message };
}

function faultsOf(issue: Issue, parent: readonly PropertyKey[]): PlacedMessage[] {
  const at = [...parent, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ at: [...at, key], message: 'is not known here' }));
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => ({ at, message: `the key: ${message}` }));
  if (issue.code === 'invalid_union') {
    const meant = meantBranch(issue.errors);
    if (meant) return meant.flatMap((inner) => faultsOf(inner, at));
  }
  return [{ at, message: issue.message }];
}

/** The alternative whose type the value has, so that its own faults are told. */
function meantBranch(branches: readonly Issue[][]): Issue[] | undefined {
  return branches.find((issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0));
}
