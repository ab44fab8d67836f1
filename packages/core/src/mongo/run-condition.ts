import { RUN_STATES } from '@das/contracts/states';
import type { FailureKind, RunState } from '@das/contracts/states';
import type { Filter } from 'mongodb';
import { causePattern } from '../domain/failure-cause.ts';
import { idAt } from '../domain/ids.ts';
import { literal } from '../domain/literal.ts';
import type { RunDocument } from './documents.ts';

/** The filters of GET /runs, parsed. */
export type RunFilter = {
  state?: readonly RunState[] | undefined;
  script?: string | undefined;
  prefix?: string | undefined;
  launch?: string | undefined;
  /** `key:value` */
  label?: string | undefined;
  submitter?: string | undefined;
  failureKind?: readonly FailureKind[] | undefined;
  cause?: string | undefined;
  worker?: string | undefined;
  q?: string | undefined;
  createdAfter?: string | undefined;
  createdBefore?: string | undefined;
};

/**
 * An id and its run's `createdAt` tell the same time, MongoDB's, unless that was set back a little (`newRunId`). All runs of the margin are
 * read on the way to those that are asked for.
 */
const MARGIN_MS = 10 * 60 * 1000;

/** The condition for MongoDB, of all but `q`, which has to be looked up (run-search). Pure. */
export function runCondition(filter: Omit<RunFilter, 'q'>): Filter<RunDocument> {
  const conditions: Filter<RunDocument>[] = [];
  // Every state spelled out lets MongoDB use the index of a submitter, in which the state comes first, in the order of the ids.
  if (filter.state || filter.submitter !== undefined)
    conditions.push({ state: { $in: [...(filter.state ?? RUN_STATES)] } });
  if (filter.script !== undefined) conditions.push({ 'script.path': filter.script });
  if (filter.prefix !== undefined) conditions.push({ 'script.path': { $regex: `^${literal(filter.prefix)}` } });
  if (filter.launch !== undefined) conditions.push({ launchId: filter.launch });
  // That there is a key lets MongoDB use the index, which holds runs with labels only.
  if (filter.label !== undefined) conditions.push({ labels: pairOf(filter.label), 'labels.key': { $exists: true } });
  if (filter.submitter !== undefined) conditions.push({ 'submittedBy.id': filter.submitter });
  if (filter.failureKind) conditions.push({ 'failure.kind': { $in: [...filter.failureKind] } });
  if (filter.cause !== undefined) conditions.push({ 'failure.summary': { $regex: causePattern(filter.cause) } });
  // The count lets MongoDB use the index, which holds runs that were claimed only.
  if (filter.worker !== undefined)
    conditions.push({ 'attempts.claims.workerId': filter.worker, attemptCount: { $gt: 0 } });
  if (filter.createdAfter !== undefined) conditions.push(...createdFrom(new Date(filter.createdAfter)));
  if (filter.createdBefore !== undefined) conditions.push(...createdUntil(new Date(filter.createdBefore)));
  return conditions.length > 0 ? { $and: conditions } : {};
}

function pairOf(label: string): { key: string; value: string } {
  const colon = label.indexOf(':');
  return { key: label.slice(0, colon), value: label.slice(colon + 1) };
}

/** The bound on `_id` (whose first 10 characters are its time) lets the index skip what is far outside. */
export function createdFrom(time: Date): Filter<RunDocument>[] {
  return [{ createdAt: { $gte: time } }, { _id: { $gte: idAt(time.getTime() - MARGIN_MS) } }];
}

export function createdUntil(time: Date): Filter<RunDocument>[] {
  return [{ createdAt: { $lt: time } }, { _id: { $lt: `${idAt(time.getTime() + MARGIN_MS)}~` } }];
}
