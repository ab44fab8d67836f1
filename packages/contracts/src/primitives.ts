import { z } from 'zod';
import { LIMITS } from './limits.ts';

/** Opaque, sortable identifier (a ULID). */
export const idSchema = z.string().min(1).max(64);
/** ISO 8601 UTC with milliseconds. */
export const timeSchema = z.iso.datetime({ precision: 3 });
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits');
/** A duration in milliseconds. */
export const durationSchema = z.number().int().nonnegative();
export const bytesSchema = z.number().int().nonnegative();
/** An absolute HDFS path; whether it lies under the scripts directory is for the server to say. */
export const pathSchema = z.string().min(1, 'must not be empty').max(4096);

export const submitterSchema = z.object({
  id: z.string(),
  via: z.enum(['token', 'session', 'header', 'anonymous']),
});
export type Submitter = z.infer<typeof submitterSchema>;

/** A whole number in a query string. */
export function queryInteger(min: number, max: number) {
  return z
    .string()
    .regex(/^-?\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().int().min(min).max(max));
}

export const queryBoolean = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .pipe(z.boolean());

/** A comma list in a query string, each element one of `values`. */
export function queryList<const T extends readonly [string, ...string[]]>(values: T) {
  return z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(values)).min(1));
}

/** A parameter that may be given several times: `?path=/a.py&path=/b.py`; always answered as an array. */
export function queryRepeated<T extends z.ZodType<unknown, string>>(item: T, max: number) {
  return z.preprocess((given) => (typeof given === 'string' ? [given] : given), z.array(item).min(1).max(max));
}

/** {@link queryList} in a body, where it may be an array, too. */
export function bodyList<const T extends readonly [string, ...string[]]>(values: T) {
  return z.union([z.array(z.enum(values)).min(1), queryList(values)]);
}

/** `limit` and `cursor`, as every list takes them. */
export const pageQuery = {
  limit: queryInteger(1, LIMITS.pageMax).default(LIMITS.pageDefault),
  cursor: z.string().max(512).optional(),
};

/** `{items, nextCursor}`, as every list answers. */
export function page<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

/** A text query: part of a path or name. */
export const searchSchema = z.string().min(1).max(256);
