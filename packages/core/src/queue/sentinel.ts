import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';

const FILLING = 'filling:';
/** One step, so that a Redis which is emptied meanwhile is not taken for a filled one. */
const SWAP = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end redis.call('SET', KEYS[1], ARGV[2]) return 1`;

/**
 * A key that tells whether Redis still holds what it was given. None: Redis was emptied. `filling:…`: what waits is being enqueued again,
 * or whoever did so got no further. Anything else: all that waited has been enqueued since. Several may fill at once: they share what
 * stands there, and the first who is through with everything says so.
 */
export class Sentinel {
  readonly #redis: Redis;
  readonly #key: string;

  constructor(redis: Redis, key: string) {
    this.#redis = redis;
    this.#key = key;
  }

  /** What to give to `filled` once all that waits has been enqueued; null: there is nothing to do. Throws when Redis is away. */
  async emptied(): Promise<string | null> {
    const filling = FILLING + randomUUID();
    if ((await this.#redis.set(this.#key, filling, 'NX')) === 'OK') return filling;
    // Gone in between: emptied once more. `filled` finds nothing then, and it is done again.
    const found = (await this.#redis.get(this.#key)) ?? filling;
    return found.startsWith(FILLING) ? found : null;
  }

  /** All that waits has been enqueued since `emptied` gave `filling`. Without effect where Redis has been emptied meanwhile. */
  async filled(filling: string): Promise<void> {
    await this.#redis.eval(SWAP, 1, this.#key, filling, randomUUID());
  }
}
