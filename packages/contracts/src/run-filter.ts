import { z } from 'zod';
import { causeSchema } from './causes.ts';
import { LIMITS } from './limits.ts';
import { idSchema, pathSchema, queryList, searchSchema, timeSchema } from './primitives.ts';
import { FAILURE_KINDS, RUN_STATES } from './states.ts';

/** Filters of GET /runs. */
export const runFilterShape = {
  state: queryList(RUN_STATES).optional(),
  script: pathSchema.optional(),
  prefix: pathSchema.optional(),
  launch: idSchema.optional(),
  label: z
    .string()
    .regex(/^[^:]{1,64}:.{0,256}$/s, 'must be key:value')
    .optional(),
  submitter: z.string().max(LIMITS.submitterChars).optional(),
  failureKind: queryList(FAILURE_KINDS).optional(),
  /** As GET /runs/causes gives it. */
  cause: causeSchema.optional(),
  worker: z.string().max(128).optional(),
  q: searchSchema.optional(),
  createdAfter: timeSchema.optional(),
  createdBefore: timeSchema.optional(),
};
