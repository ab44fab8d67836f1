import { isTerminal } from '@das/contracts/states';
import type { Logger } from '@das/core/logging/logger';
import type { LogStore } from '@das/core/mongo/log-store';
import type { RunQuery } from '@das/core/mongo/run-query';
import type { Rooms } from './rooms.ts';

export type LogTailParts = { rooms: Rooms; logs: LogStore; runs: RunQuery; log: Logger };

const EVERY_MS = 250;
/** Sent at most at once. */
const PIECE_BYTES = 1024 * 1024;
/** Whoever is this far behind a log that runs away is told to fetch it again. */
const BEHIND_BYTES = 4 * 1024 * 1024;
/** A run that has ended is read this many times more: its last chunks may come after its state. */
const ROUNDS_AFTER_END = 20;

type Place = { attempt: number; offset: number; roundsAfterEnd: number };

/** Sends what is new in the logs of the runs that somebody watches: of the newest attempt, from when they began to watch. */
export class LogTail {
  readonly #parts: LogTailParts;
  readonly #places = new Map<string, Place>();
  #timer: NodeJS.Timeout | null = null;
  #reading: Promise<void> | null = null;

  constructor(parts: LogTailParts) {
    this.#parts = parts;
  }

  /** Notes where the log of a run stands before its watcher fetches it, so that nothing falls in between. */
  async begin(runId: string): Promise<void> {
    const [run] = await this.#parts.runs.summaries([runId]);
    if (run && !this.#places.has(runId)) {
      const attempt = run.attemptCount;
      const { size } = await this.#parts.logs.summary(runId, attempt);
      this.#places.set(runId, { attempt, offset: size, roundsAfterEnd: 0 });
    }
    this.#timer ??= setInterval(() => this.#tick(), EVERY_MS);
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    await this.#reading;
  }

  #tick(): void {
    if (this.#reading) return;
    this.#reading = this.#readAll()
      .catch((error: unknown) => this.#parts.log.debug({ error }, 'watched logs could not be read'))
      .finally(() => (this.#reading = null));
  }

  async #readAll(): Promise<void> {
    const { rooms, runs } = this.#parts;
    const watched = rooms.watchedIds('run:');
    for (const id of this.#places.keys()) if (!watched.includes(id)) this.#places.delete(id);
    if (watched.length === 0 && this.#timer) {
      clearInterval(this.#timer);
      this.#timer = null;
      return;
    }
    for (const run of await runs.summaries(watched)) {
      const place = this.#placeOf(run._id, run.attemptCount);
      place.roundsAfterEnd = isTerminal(run.state) ? place.roundsAfterEnd + 1 : 0;
      if (run.attemptCount > 0 && place.roundsAfterEnd <= ROUNDS_AFTER_END) await this.#read(run._id, place);
    }
  }

  /** A new attempt begins at 0. */
  #placeOf(runId: string, attempt: number): Place {
    const known = this.#places.get(runId);
    if (known?.attempt === attempt) return known;
    const place = { attempt, offset: 0, roundsAfterEnd: 0 };
    this.#places.set(runId, place);
    return place;
  }

  async #read(runId: string, place: Place): Promise<void> {
    const { logs, rooms } = this.#parts;
    const from = place.offset;
    for (const piece of await logs.readSince(runId, place.attempt, from, PIECE_BYTES)) {
      rooms.send(`run:${runId}`, 'log', { runId, attempt: place.attempt, ...piece });
      place.offset = piece.nextOffset;
      place.roundsAfterEnd = 0;
    }
    if (place.offset - from < PIECE_BYTES / 2) return;
    const { size } = await logs.summary(runId, place.attempt);
    if (size - place.offset < BEHIND_BYTES) return;
    place.offset = size;
    rooms.resync(`run:${runId}`);
  }
}
