import type { Filter } from 'mongodb';
import { literal } from '../domain/literal.ts';
import type { Database } from './database.ts';
import type { RunDocument } from './documents.ts';
import { runCondition } from './run-condition.ts';
import type { RunFilter } from './run-condition.ts';

/** So many paths are looked up one by one in the index of runs; text that stands in more of them is met soon anyway. */
const PATHS = 200;
const ID_PREFIX = /^[0-7][0-9A-HJKMNP-TV-Z]*$/;

/**
 * The condition for MongoDB. Text is looked for among the tracked scripts first (every script that ever ran is one): there are
 * thousands of them, and of runs millions.
 */
export async function searchCondition(db: Database, { q, ...filter }: RunFilter): Promise<Filter<RunDocument>> {
  if (q === undefined) return runCondition(filter);
  const path = { $regex: literal(q), $options: 'i' };
  const found = await db.scripts
    .find({ _id: path }, { projection: { _id: 1 } })
    .limit(PATHS + 1)
    .toArray();
  const paths = found.map(({ _id }) => _id);
  const ways: Filter<RunDocument>[] = [];
  if (paths.length > PATHS) ways.push({ 'script.path': path });
  else if (paths.length > 0) ways.push({ 'script.path': { $in: paths } });
  const id = q.toUpperCase();
  if (ID_PREFIX.test(id)) ways.push({ _id: { $gte: id, $lt: `${id}~` } });
  const way = ways.length > 1 ? { $or: ways } : (ways[0] ?? { _id: { $in: [] } });
  return { $and: [runCondition(filter), way] };
}
