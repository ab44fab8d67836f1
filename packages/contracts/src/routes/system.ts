import { z } from 'zod';
import { aliveSchema, overviewSchema, readinessSchema, settingsSchema } from '../system.ts';
import { type RouteSpec, V1, ok } from './spec.ts';

/** The whole: overview, settings, the contract itself, health, metrics. */
export const SYSTEM_ROUTES = {
  getOverview: {
    method: 'GET',
    path: `${V1}/overview`,
    summary: 'Counts, rates and places',
    answers: ok(overviewSchema),
    problems: [],
  },
  getSettings: {
    method: 'GET',
    path: `${V1}/settings`,
    summary: 'Settings in force, secrets masked',
    answers: ok(settingsSchema),
    problems: [],
  },
  getOpenApi: {
    method: 'GET',
    path: '/api/openapi.json',
    summary: 'This contract as OpenAPI 3.1',
    answers: ok(z.looseObject({ openapi: z.string() })),
    problems: [],
  },
  getHealth: {
    method: 'GET',
    path: '/healthz',
    summary: 'The process is alive',
    answers: ok(aliveSchema),
    problems: [],
    open: true,
  },
  getReadiness: {
    method: 'GET',
    path: '/readyz',
    summary: 'What DAS depends on; 503 only without MongoDB',
    answers: {
      200: { description: 'ok or degraded', schema: readinessSchema },
      503: { description: 'down', schema: readinessSchema },
    },
    problems: [],
    open: true,
  },
  getMetrics: {
    method: 'GET',
    path: '/metrics',
    summary: 'Prometheus metrics',
    answers: { 200: { description: 'Prometheus text format', contentType: 'text/plain' } },
    problems: [],
  },
} as const satisfies Record<string, RouteSpec>;
