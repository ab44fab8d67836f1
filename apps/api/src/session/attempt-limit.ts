/**
 * Wrong tokens per address: a burst is let through, then one every few seconds. A right token takes no place, so nobody is
 * locked out for longer than that by somebody behind the same address.
 */
const BURST = 10;
const REFILL_MS = 3000;
/** Addresses remembered; beyond that the oldest is forgotten. */
const ADDRESSES = 10_000;

export class AttemptLimit {
  readonly #now: () => number;
  readonly #buckets = new Map<string, { spent: number; at: number }>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Milliseconds until this address may try again; 0 = now. */
  waitMs(address: string): number {
    // There must be room for a whole one.
    return Math.max(0, Math.ceil((this.#spent(address) - (BURST - 1)) * REFILL_MS));
  }

  failed(address: string): void {
    const spent = Math.min(this.#spent(address) + 1, BURST);
    this.#buckets.delete(address);
    this.#buckets.set(address, { spent, at: this.#now() });
    const oldest = this.#buckets.keys().next();
    if (this.#buckets.size > ADDRESSES && !oldest.done) this.#buckets.delete(oldest.value);
  }

  #spent(address: string): number {
    const bucket = this.#buckets.get(address);
    if (!bucket) return 0;
    return Math.max(0, bucket.spent - (this.#now() - bucket.at) / REFILL_MS);
  }
}
