import { Redis } from 'ioredis';
import type { Logger } from '../logging/logger.ts';

/** Fails at once when Redis is away, and after 5 s when it is frozen: a time-out means "unknown", not "no". */
const FAIL_FAST = {
  enableOfflineQueue: false,
  commandTimeout: 5000,
  connectTimeout: 2000,
  maxRetriesPerRequest: 1,
  retryStrategy: (times: number) => Math.min(100 * times, 2000),
};

/** Waits for Redis to come back; what BullMQ's workers need, whose blocking reads outlast any time-out. */
const PATIENT = {
  connectTimeout: 2000,
  maxRetriesPerRequest: null,
  retryStrategy: (times: number) => Math.min(100 * times, 2000),
};

/** A connection to Redis that says once when it goes and once when it is back, and never throws an unhandled error. */
export function connectRedis(url: string, kind: 'fail-fast' | 'patient', log: Logger): Redis {
  const redis = kind === 'fail-fast' ? new Redis(url, FAIL_FAST) : new Redis(url, PATIENT);
  let away = false;
  redis.on('error', (error: Error) => {
    if (!away) log.warn({ error: error.message || String((error as { code?: string }).code) }, 'Redis is away');
    away = true;
  });
  redis.on('ready', () => {
    if (away) log.info('Redis is back');
    away = false;
  });
  return redis;
}
