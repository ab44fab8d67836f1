import type { Logger } from '@das/core/logging/logger';
import type { Change, ChangedNoun } from './change-feed.ts';

export type Gathered = Record<ChangedNoun, Set<string>>;

/** How long ids are gathered before they are read together. Milliseconds. */
const GATHER_MS = 50;

/**
 * Gathers what changed and hands it on in batches, one at a time: while one batch is read and sent, the next one grows, so
 * a burst makes fewer and larger batches.
 */
export class Gatherer {
  readonly #publish: (gathered: Gathered, oldestAt: Date) => Promise<void>;
  readonly #log: Logger;
  #gathered = nothing();
  #oldestAt: Date | null = null;
  #timer: NodeJS.Timeout | null = null;
  #publishing: Promise<void> | null = null;

  constructor(publish: (gathered: Gathered, oldestAt: Date) => Promise<void>, log: Logger) {
    this.#publish = publish;
    this.#log = log;
  }

  add({ noun, id, at }: Change): void {
    this.#gathered[noun].add(id);
    this.#oldestAt ??= at;
    this.#schedule();
  }

  async stop(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#gathered = nothing();
    this.#oldestAt = null;
    await this.#publishing;
  }

  #schedule(): void {
    if (this.#timer || this.#publishing || !this.#oldestAt) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const [gathered, oldestAt] = [this.#gathered, this.#oldestAt as Date];
      this.#gathered = nothing();
      this.#oldestAt = null;
      this.#publishing = this.#publish(gathered, oldestAt)
        .catch((error: unknown) => this.#log.warn({ error }, 'changes could not be published'))
        .finally(() => {
          this.#publishing = null;
          this.#schedule();
        });
    }, GATHER_MS);
  }
}

function nothing(): Gathered {
  return { scripts: new Set(), runs: new Set(), workers: new Set(), launches: new Set() };
}
