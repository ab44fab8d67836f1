import { RUN_STATES } from '@das/contracts/states';
import type { Overview } from '@das/contracts/system';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What Prometheus is told. Numbers of runs and workers are read when it asks. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #http: Histogram<'method' | 'route' | 'status'>;
  readonly #feedLag: Gauge;
  #sockets = () => 0;

  constructor(readOverview: () => Promise<Overview>) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#http = new Histogram({
      name: 'das_http_request_duration_seconds',
      help: 'Time to answer a call of the API',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3],
      registers,
    });
    const sockets = () => this.#sockets();
    new Gauge({
      name: 'das_sockets',
      help: 'Connected dashboards and other socket clients',
      registers,
      collect() {
        this.set(sockets());
      },
    });
    this.#feedLag = new Gauge({
      name: 'das_change_stream_lag_seconds',
      help: 'From a change in MongoDB to its news here, last batch; 0 while nobody watches',
      registers,
      collect() {
        if (sockets() === 0) this.set(0);
      },
    });
    const runs = new Gauge({ name: 'das_runs', help: 'Runs by state', labelNames: ['state'], registers });
    const workers = new Gauge({ name: 'das_workers', help: 'Workers by state', labelNames: ['state'], registers });
    const waiting = new Gauge({
      name: 'das_queue_waiting',
      help: 'Runs that wait for their first or next attempt',
      registers,
    });
    new Gauge({
      name: 'das_worker_places',
      help: 'Attempts that the active workers can execute at once, and how many of these places are free',
      labelNames: ['kind'],
      registers,
      async collect() {
        for (const gauge of [runs, workers, waiting, this]) gauge.reset();
        // Without MongoDB these numbers are missing; the others still say how the process is.
        const overview = await readOverview().catch(() => null);
        if (!overview) return;
        for (const state of RUN_STATES) runs.set({ state }, overview.counts[state] ?? 0);
        for (const [state, count] of Object.entries(overview.workers)) workers.set({ state }, count);
        waiting.set((overview.counts.queued ?? 0) + (overview.counts.retrying ?? 0));
        this.set({ kind: 'total' }, overview.places.total);
        this.set({ kind: 'free' }, overview.places.free);
      },
    });
  }

  observeAnswer({
    method,
    route,
    status,
    seconds,
  }: {
    method: string;
    route: string;
    status: number;
    seconds: number;
  }): void {
    this.#http.observe({ method, route, status: String(status) }, seconds);
  }

  /** `count` is asked when Prometheus asks. */
  countSockets(count: () => number): void {
    this.#sockets = count;
  }

  setFeedLag(milliseconds: number): void {
    this.#feedLag.set(Math.max(0, milliseconds) / 1000);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}
