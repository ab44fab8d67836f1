import { z } from 'zod';
import { idSchema, timeSchema } from './primitives.ts';
import { WORKER_STATES } from './states.ts';

export const workerSchema = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.number().int(),
  version: z.string(),
  startedAt: timeSchema,
  lastSeenAt: timeSchema,
  concurrency: z.number().int().positive(),
  running: z.array(idSchema),
  state: z.enum(WORKER_STATES),
  /** Why it takes no runs, where it is unhealthy. */
  detail: z.string().nullish(),
});
export type Worker = z.infer<typeof workerSchema>;
