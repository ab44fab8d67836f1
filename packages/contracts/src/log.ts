import { z } from 'zod';
import { bytesSchema, timeSchema } from './primitives.ts';
import { STREAMS } from './states.ts';

/** Bytes of a log that were dropped: from `start` up to `end` (exclusive). */
export const logGapSchema = z.object({ start: bytesSchema, end: bytesSchema });

/** A line without its newline. Where both streams wrote into one line, it comes in as many items of the same number. */
export const logLineSchema = z.object({
  /** From 1, as written: dropped lines are counted, too. */
  line: z.number().int().positive(),
  /** When it arrived. */
  at: timeSchema,
  /** Of the first byte of `text`, in the joined log. */
  offset: bytesSchema,
  stream: z.enum(STREAMS),
  text: z.string(),
  /** What was dropped right before it; the line itself may lack its beginning. */
  gap: logGapSchema.optional(),
  /** Only part of a very long line is in `text`: its beginning (64 KiB), or of a match what is around it. */
  cut: z.literal(true).optional(),
});
export type LogLine = z.infer<typeof logLineSchema>;

export const logLinesSchema = z.object({
  items: z.array(logLineSchema),
  /** Ask on from this line; null: that is all there is now. */
  nextLine: z.number().int().positive().nullable(),
  /** Ask for the ones before this line; null: nothing lies before. */
  previousLine: z.number().int().positive().nullable(),
  /** Lines and bytes so far, dropped ones too. */
  lines: z.number().int().nonnegative(),
  size: bytesSchema,
  gap: logGapSchema.nullable(),
  /** The lines that the gap begins and ends in: what is kept of them may be a part. */
  gapLines: z.object({ from: z.number().int().positive(), to: z.number().int().positive() }).nullable(),
  complete: z.boolean(),
});

export type LogLinesAnswer = z.infer<typeof logLinesSchema>;

export const logMatchesSchema = z.object({
  /** Lines that hold the text, at most 500 at once. */
  items: z.array(logLineSchema),
  /** To search on; null: that is all there is now. */
  nextCursor: z.string().nullable(),
  /** How far it was searched, and how much there is: bytes of the joined log. */
  searchedTo: bytesSchema,
  size: bytesSchema,
  complete: z.boolean(),
});
export type LogMatches = z.infer<typeof logMatchesSchema>;
