/**
 * The server's time, carried forward by this machine's monotonic clock: a wrong or jumping wall clock changes
 * nothing that is stored. Precise to about half a round trip.
 */
export class ServerClock {
  readonly #readServerTime: () => Promise<number>;
  /** Server time at monotonic zero, in milliseconds. */
  #origin = Date.now() - performance.now();

  constructor(readServerTime: () => Promise<number>) {
    this.#readServerTime = readServerTime;
  }

  /** Asks the server again; called at connect and now and then, against drift. */
  async synchronise(): Promise<void> {
    const sent = performance.now();
    const serverTime = await this.#readServerTime();
    const received = performance.now();
    this.#origin = serverTime - (sent + received) / 2;
  }

  now(): Date {
    return new Date(Math.round(this.#origin + performance.now()));
  }
}
