import { z } from 'zod';
import { type RouteSpec, V1, none } from './spec.ts';

/** The dashboard's cookie. */
export const SESSION_ROUTES = {
  openSession: {
    method: 'POST',
    path: `${V1}/session`,
    summary: "Exchange the token for the dashboard's cookie",
    body: z.strictObject({ token: z.string().min(1).max(1024) }),
    answers: none,
    problems: ['unsupported_media_type', 'rate_limited'],
    open: true,
  },
  closeSession: {
    method: 'DELETE',
    path: `${V1}/session`,
    summary: 'Sign out',
    answers: none,
    problems: [],
    open: true,
  },
} as const satisfies Record<string, RouteSpec>;
