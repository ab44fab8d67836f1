import {
  MongoBulkWriteError,
  MongoError,
  MongoNetworkError,
  MongoOperationTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongodb';

/** MongoDB does not answer, or not in time. Whether the write happened is unknown. */
export class DatabaseUnavailable extends Error {
  override name = 'DatabaseUnavailable';
}

/** MongoDB answers but is no replica set. */
export class StandaloneMongo extends Error {
  override name = 'StandaloneMongo';
  constructor() {
    super(
      'MongoDB runs standalone, and DAS needs a replica set (transactions, change streams). One node will do: ' +
        'start mongod with --replSet rs0 and run rs.initiate() once, then give MONGODB_URI with ?replicaSet=rs0.',
    );
  }
}

/** Server codes that say "not now": shutdown, stepdown, no primary, interrupted, time limit. */
const PASSING = new Set([6, 7, 11, 50, 89, 91, 133, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable) return true;
  if (
    error instanceof MongoNetworkError ||
    error instanceof MongoServerSelectionError ||
    error instanceof MongoOperationTimeoutError
  ) {
    return true;
  }
  // A bulk write hides what went wrong with the connection in `errorResponse`.
  if (error instanceof MongoBulkWriteError && error.errorResponse instanceof MongoError)
    return isDatabaseAway(error.errorResponse);
  if (error instanceof MongoServerError) return PASSING.has(Number(error.code));
  return error instanceof MongoError && /timed? ?out|topology is closed|pool.*(cleared|closed)/i.test(error.message);
}

/** Runs `work`; what means "MongoDB is away" comes out as DatabaseUnavailable, with the cause. */
export async function translateMongoErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DatabaseUnavailable || !isDatabaseAway(error)) throw error;
    throw new DatabaseUnavailable(`MongoDB does not answer: ${(error as Error).message}`, { cause: error });
  }
}

/** What MongoDB says of a second document with the same unique key. */
export const DUPLICATE_KEY = 11000;

export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY;
}
