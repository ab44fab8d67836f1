import { LAUNCH_ROUTES } from './routes/launches.ts';
import { LOG_ROUTES } from './routes/logs.ts';
import { RUN_ROUTES } from './routes/runs.ts';
import { SCRIPT_ROUTES } from './routes/scripts.ts';
import { SESSION_ROUTES } from './routes/session.ts';
import { SYSTEM_ROUTES } from './routes/system.ts';
import { WORKER_ROUTES } from './routes/workers.ts';
import type { RouteSpec } from './routes/spec.ts';

export type { RouteSpec } from './routes/spec.ts';

/** Every call of the API. The handlers' types, the validation and the OpenAPI document follow from this table. */
export const ROUTES = {
  ...SCRIPT_ROUTES,
  ...RUN_ROUTES,
  ...LOG_ROUTES,
  ...LAUNCH_ROUTES,
  ...WORKER_ROUTES,
  ...SYSTEM_ROUTES,
  ...SESSION_ROUTES,
} as const satisfies Record<string, RouteSpec>;

export type RouteName = keyof typeof ROUTES;
