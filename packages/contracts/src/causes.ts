import { z } from 'zod';
import { idSchema, timeSchema } from './primitives.ts';
import { FAILURE_KINDS } from './states.ts';

/** The summary of failures with `…` for what differs, as GET /runs/causes gives it and as the filter `cause` takes it. */
export const causeSchema = z.string().min(1).max(400);

/** Failed runs grouped by why they failed, the most frequent cause first. */
export const causesSchema = z.object({
  causes: z.array(
    z.object({
      kind: z.enum(FAILURE_KINDS),
      cause: causeSchema,
      runs: z.number().int().positive(),
      /** Those that failed most by it; there may be more (`scriptCount`). */
      scripts: z.array(z.object({ path: z.string(), runs: z.number().int().positive() })),
      scriptCount: z.number().int().positive(),
      newest: z.object({ id: idSchema, script: z.string(), summary: z.string(), finishedAt: timeSchema.nullable() }),
    }),
  ),
  /** Failed runs that were looked at, newest first. */
  runsRead: z.number().int().nonnegative(),
  /** False: there are more failed runs than were looked at, or more causes than are told. */
  complete: z.boolean(),
});
export type Causes = z.infer<typeof causesSchema>;
export type Cause = Causes['causes'][number];
