import { page } from '../primitives.ts';
import { workerSchema } from '../worker.ts';
import { type RouteSpec, V1, ok } from './spec.ts';

/** Workers. */
export const WORKER_ROUTES = {
  listWorkers: {
    method: 'GET',
    path: `${V1}/workers`,
    summary: 'The workers, and what each runs',
    answers: ok(page(workerSchema)),
    problems: [],
  },
} as const satisfies Record<string, RouteSpec>;
