import { createHash } from 'node:crypto';

/**
 * Wrong tokens per address: a burst is let through, then one every few seconds. A right token takes no place. The same wrong one again takes
 * a place of those that come again only: a forgotten job that shows an old token for days must not lock out all who come from the
 * same address (a proxy's, say).
 */
const BURST = 10;
const REFILL_MS = 3000;
/** Addresses remembered, and of each its last wrong tokens; beyond that the oldest is forgotten. */
const ADDRESSES = 10_000;
const TOKENS = 20;

type Bucket = { spent: number; at: number };

export class AttemptLimit {
  readonly #now: () => number;
  readonly #first = new Map<string, Bucket>();
  readonly #again = new Map<string, Bucket>();
  readonly #wrong = new Map<string, Set<string>>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Milliseconds until this address may try this token; 0 = now. */
  waitMs(address: string, token: string): number {
    const { buckets, burst } = this.#place(address, token);
    // There must be room for a whole one.
    return Math.max(0, Math.ceil((this.#spent(buckets, address) - (burst - 1)) * REFILL_MS));
  }

  failed(address: string, token: string): void {
    const { buckets, burst } = this.#place(address, token);
    const spent = Math.min(this.#spent(buckets, address) + 1, burst);
    buckets.delete(address);
    dropOldest(buckets.set(address, { spent, at: this.#now() }), ADDRESSES);
    const wrong = this.#wrong.get(address) ?? new Set();
    dropOldest(wrong.add(hashOf(token)), TOKENS);
    dropOldest(this.#wrong.set(address, wrong), ADDRESSES);
  }

  /** Who shows one wrong token only has as many attempts as who shows others. */
  #place(address: string, token: string): { buckets: Map<string, Bucket>; burst: number } {
    const isKnown = this.#wrong.get(address)?.has(hashOf(token)) ?? false;
    return isKnown ? { buckets: this.#again, burst: BURST - 1 } : { buckets: this.#first, burst: BURST };
  }

  #spent(buckets: Map<string, Bucket>, address: string): number {
    const bucket = buckets.get(address);
    return bucket ? Math.max(0, bucket.spent - (this.#now() - bucket.at) / REFILL_MS) : 0;
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

function dropOldest(from: Set<string> | Map<string, unknown>, most: number): void {
  const oldest = from.keys().next();
  if (from.size > most && !oldest.done) from.delete(oldest.value);
}
