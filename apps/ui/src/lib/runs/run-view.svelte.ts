import type { Attempt, Run, RunEvent, RunSummary } from '@das/contracts/run';
import { isTerminal } from '@das/contracts/states';
import { cancelRun, getRun, getRunEvents } from '../api/runs.ts';
import { Watch } from '../live/watch.svelte.ts';
import { notify } from '../ui/notify.ts';
import { LogFollower } from './log/log-follower.svelte.ts';

/** How often a queued run's place is asked for: others move it without a change of the run. */
const POSITION_MS = 5000;

/** One run, live, with its history and the log of the attempt one looks at. */
export class RunView {
  readonly id: string;
  run = $state.raw<Run | null>(null);
  /** As it was first read: what never changes of it (its script, its settings). */
  first = $state.raw<Run | null>(null);
  events = $state.raw<RunEvent[]>([]);
  log = $state.raw<LogFollower | null>(null);
  cancelBusy = $state(false);
  /** `events` are asked for up to this state of the run. */
  #eventsSeq = -1;
  /** The attempt chosen by hand; null follows the newest. */
  #chosen = $state<number | null>(null);
  readonly watch: Watch;

  constructor(id: string) {
    this.id = id;
    this.watch = new Watch({
      topics: [`run:${id}`],
      pollMs: 3000,
      fetch: (signal) => this.#fetch(signal),
      handlers: {
        run: ({ items }) => {
          for (const item of items) if (item.id === id) this.#hold(item);
        },
        log: (piece) => {
          if (piece.runId === id && piece.attempt === this.log?.attempt) this.log.take(piece);
        },
      },
    });
  }

  /** Begins; the answer ends it. Made for `$effect`. */
  start(): () => void {
    const stop = this.watch.start();
    const timer = setInterval(() => void this.#readPosition(), POSITION_MS);
    return () => {
      stop();
      clearInterval(timer);
      this.log?.stop();
    };
  }

  /** The attempt whose log and phases are shown. */
  get attempt(): Attempt | undefined {
    const attempts = this.run?.attempts ?? [];
    return attempts.find((attempt) => attempt.n === this.#chosen) ?? attempts.at(-1);
  }

  choose(n: number): void {
    this.#chosen = n === this.run?.attempts.at(-1)?.n ? null : n;
    this.#followLog();
  }

  get over(): boolean {
    return this.run !== null && isTerminal(this.run.state);
  }

  async cancel(): Promise<void> {
    this.cancelBusy = true;
    try {
      this.#hold(await cancelRun(this.id));
    } catch (error) {
      void notify.failure('The run was not cancelled', error);
    } finally {
      this.cancelBusy = false;
    }
  }

  async #fetch(signal: AbortSignal): Promise<void> {
    this.#hold(await getRun(this.id, signal));
    void this.log?.catchUp();
  }

  #hold(next: Run | RunSummary): void {
    if (this.run && next.seq < this.run.seq) return;
    const isNew = !this.run || next.seq > this.run.seq;
    // A summary without attempts (from another topic) must not take the known ones away.
    this.run = 'attempts' in next ? next : { ...next, attempts: this.run?.attempts ?? [] };
    this.first ??= this.run;
    if (isNew) this.#followLog();
    if (next.seq > this.#eventsSeq) void this.#readEvents(next.seq);
  }

  async #readPosition(): Promise<void> {
    if (this.run?.state !== 'queued' || document.hidden) return;
    await getRun(this.id).then(
      (run) => this.#hold(run),
      // The place stays as it was; whether the API answers at all is told elsewhere.
      () => undefined,
    );
  }

  /** An event is stored with the change it tells of: who holds the run of `seq` finds them all. */
  async #readEvents(seq: number): Promise<void> {
    const known = this.#eventsSeq;
    this.#eventsSeq = seq;
    try {
      const { items } = await getRunEvents(this.id);
      // Of two answers that overtook each other, the newer one: the history only grows.
      if (items.length >= this.events.length) this.events = items;
    } catch {
      // The history stays as it was: the next look at the run asks for it again.
      if (this.#eventsSeq === seq) this.#eventsSeq = known;
    }
  }

  #followLog(): void {
    const attempt = this.attempt;
    if (!attempt) return;
    if (this.log?.attempt !== attempt.n) {
      this.log?.stop();
      this.log = new LogFollower(this.id, attempt.n);
    }
    if (attempt.state !== 'running') void this.log.catchUp();
  }
}
