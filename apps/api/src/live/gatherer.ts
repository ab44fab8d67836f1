import type { Logger } from '@das/core/logging/logger';
import { isDatabaseAway } from '@das/core/mongo/errors';
import type { Change, ChangedNoun } from './change-feed.ts';

export type Gathered = Record<ChangedNoun, Set<string>>;

/** How long after the first of them ids are read together, if those before them have been sent. Milliseconds. */
const GATHER_MS = 50;
/** After MongoDB did not answer. Milliseconds. */
const RETRY_MS = 500;

export type GathererParts = {
  /** Reads what changed and sends it. */
  publish: (gathered: Gathered, oldestAt: Date) => Promise<void>;
  /** A batch cannot be published at all: whoever watches has to fetch again. */
  onLost: () => void;
  log: Logger;
};

/**
 * Gathers what changed and hands it on in batches, one at a time: while one batch is read and sent, the next one grows, so
 * a burst makes fewer and larger batches. What cannot be read while MongoDB is away is kept until it can.
 */
export class Gatherer {
  readonly #parts: GathererParts;
  #gathered = nothing();
  #oldestAt: Date | null = null;
  /** When the first of what is gathered came in. */
  #since = 0;
  #timer: NodeJS.Timeout | null = null;
  #publishing: Promise<void> | null = null;
  #failing = false;
  #stopped = false;

  constructor(parts: GathererParts) {
    this.#parts = parts;
  }

  add({ noun, id, at }: Change): void {
    this.#gathered[noun].add(id);
    if (!this.#oldestAt) this.#since = performance.now();
    this.#oldestAt ??= at;
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#gathered = nothing();
    this.#oldestAt = null;
    await this.#publishing;
  }

  #schedule(): void {
    if (this.#timer || this.#publishing || !this.#oldestAt || this.#stopped) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        const [gathered, oldestAt] = [this.#gathered, this.#oldestAt as Date];
        this.#gathered = nothing();
        this.#oldestAt = null;
        this.#publishing = this.#publish(gathered, oldestAt).finally(() => {
          this.#publishing = null;
          this.#schedule();
        });
      },
      this.#failing ? RETRY_MS : Math.max(0, this.#since + GATHER_MS - performance.now()),
    );
  }

  /** Never rejects. */
  async #publish(gathered: Gathered, oldestAt: Date): Promise<void> {
    const { publish, onLost, log } = this.#parts;
    try {
      await publish(gathered, oldestAt);
      this.#failing = false;
    } catch (error) {
      const away = isDatabaseAway(error);
      if (!away || !this.#failing) log.warn({ error }, 'changes could not be published');
      this.#failing = away;
      if (away) this.#putBack(gathered, oldestAt);
      else onLost();
    }
  }

  #putBack(gathered: Gathered, oldestAt: Date): void {
    for (const noun of Object.keys(gathered) as ChangedNoun[]) {
      for (const id of gathered[noun]) this.#gathered[noun].add(id);
    }
    this.#oldestAt = oldestAt;
  }
}

function nothing(): Gathered {
  return { scripts: new Set(), runs: new Set(), workers: new Set(), launches: new Set() };
}
