import { asApiError, isAbort, type ApiError } from '../api/error.ts';
import { live, type Listener } from './connection.svelte.ts';

type Handlers = Omit<Listener, 'joined' | 'refresh'>;
type Plan = {
  topics: string[];
  /** Fetches and stores everything the page shows. */
  fetch: (signal: AbortSignal) => Promise<void>;
  /** `fetch` is many calls, and itself repeats those that began before `joinedAt`: the others need not be made twice. */
  repeats?: boolean;
  /** Applies what the socket says; called only after a fetch. */
  handlers: Handlers;
  /** How often to fetch while the socket is away, in ms. */
  pollMs?: number;
};

/** After a fetch that failed although the socket is there, in ms: what the socket says from then on is worth nothing. */
const AGAIN_MS = 3000;

/**
 * Subscribe, then fetch, then apply what came meanwhile (design §4). While the socket is away it polls, so a
 * page behind a proxy without WebSocket still lives.
 */
export class Watch {
  status = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state.raw<ApiError | null>(null);
  readonly #plan: Plan;
  #held: (() => void)[] | null = [];
  #fetching: AbortController | null = null;
  #leave: (() => void)[] = [];
  #soon: ReturnType<typeof setTimeout> | undefined;
  #ended = false;
  /** Since when every change is told, by `performance.now()`: what was asked for before may lack one. */
  joinedAt = -Infinity;
  #whenJoined: () => void = () => undefined;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** Begins; the answer ends it. Made for `$effect`. */
  start(): () => void {
    const listener: Listener = { joined: () => this.#onJoined(), refresh: () => this.#onRefresh() };
    for (const name of Object.keys(this.#plan.handlers) as (keyof Handlers)[]) {
      listener[name] = ((message: never) => this.#onMessage(name, message)) as never;
    }
    const watches = this.#plan.topics.map((topic) => live.watch(topic, listener));
    this.#leave = watches.map((watch) => watch.leave);
    const timer = setInterval(() => {
      if (!live.connected && !document.hidden && !this.#refused) void this.refresh();
    }, this.#plan.pollMs ?? 10_000);
    this.#ended = false;
    void Promise.all(watches.map((watch) => watch.subscribed)).then(() => {
      if (live.connected) this.#join();
      if (!this.#ended) void this.refresh();
    });
    return () => {
      this.#ended = true;
      clearInterval(timer);
      clearTimeout(this.#soon);
      this.#fetching?.abort();
      for (const leave of this.#leave) leave();
    };
  }

  /** Fetches everything again; what the socket says meanwhile is applied afterwards. */
  async refresh(): Promise<void> {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    this.#fetching?.abort();
    const controller = (this.#fetching = new AbortController());
    const began = performance.now();
    this.#held = [];
    try {
      await this.#plan.fetch(controller.signal);
      if (controller.signal.aborted) return;
      live.freshAt = Date.now();
      this.error = null;
      this.status = 'ready';
    } catch (error) {
      if (controller.signal.aborted || isAbort(error)) return;
      this.error = asApiError(error);
      this.status = 'failed';
      if (!this.#refused) this.refreshWithin(AGAIN_MS);
    } finally {
      if (!controller.signal.aborted) this.#release();
    }
    if (began < this.joinedAt && !this.#plan.repeats && !controller.signal.aborted) await this.refresh();
  }

  /** Fetches again in `ms`; until then any number of calls are that one fetch: two hundred changes a second need no more. */
  refreshWithin(ms: number): void {
    if (!this.#ended) this.#soon ??= setTimeout(() => void this.refresh(), ms);
  }

  /** Resolves when every change is told from now on; at the latest after `withinMs`. */
  joined(withinMs: number): Promise<void> {
    if (this.joinedAt > -Infinity) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenJoined = resolve;
      setTimeout(resolve, withinMs);
    });
  }

  /** The request itself is wrong: it is not asked again and again. */
  get #refused(): boolean {
    return this.error?.status === 400;
  }

  #join(): void {
    this.joinedAt = performance.now();
    this.#whenJoined();
  }

  /** A fetch that is under way is of use, if not for ever: it goes on, and what it may have missed is fetched after it. */
  #onJoined(): void {
    this.#join();
    if (this.#held === null) void this.refresh();
  }

  /** A fetch that is under way may wait for a connection that is dead: it is begun anew. */
  #onRefresh(): void {
    this.#join();
    void this.refresh();
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    if (this.status === 'ready') for (const apply of held) apply();
  }

  #onMessage(name: keyof Handlers, message: never): void {
    const apply = () => (this.#plan.handlers[name] as ((m: never) => void) | undefined)?.(message);
    if (this.#held) this.#held.push(apply);
    else if (this.status === 'ready') apply();
  }
}
