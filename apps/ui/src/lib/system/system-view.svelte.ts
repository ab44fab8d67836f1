import type { Overview, Readiness } from '@das/contracts/system';
import { asApiError, isAbort, type ApiError } from '../api/error.ts';
import { getOverview, getReadiness } from '../api/system.ts';
import { healthHistory } from './health-history.svelte.ts';

/** Both are sampled by the server: looking more often shows nothing new. */
const POLL_MS = 5000;
/** What the server answers may be this old. Milliseconds. */
const SAMPLED_MS = 2000;

/** Whether the parts are there, and the last hour in numbers. */
export class SystemView {
  readiness = $state.raw<Readiness | null>(null);
  overview = $state.raw<Overview | null>(null);
  readinessError = $state.raw<ApiError | null>(null);
  overviewError = $state.raw<ApiError | null>(null);
  #soon: ReturnType<typeof setTimeout> | undefined;

  /** Begins; the answer ends it. Made for `$effect`. */
  start(): () => void {
    const stop = new AbortController();
    const timer = setInterval(() => {
      if (!document.hidden) void this.refresh(stop.signal);
    }, POLL_MS);
    void this.refresh(stop.signal);
    return () => {
      clearInterval(timer);
      clearTimeout(this.#soon);
      stop.abort();
    };
  }

  async refresh(signal?: AbortSignal): Promise<void> {
    await Promise.all([this.#readReadiness(signal), this.#readOverview(signal)]);
  }

  /** Reads the overview again when the server may tell what has just changed; any number of calls until then are one. */
  overviewSoon(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      if (!document.hidden) void this.#readOverview();
    }, SAMPLED_MS);
  }

  async #readReadiness(signal?: AbortSignal): Promise<void> {
    try {
      this.readiness = await getReadiness(signal);
      this.readinessError = null;
      healthHistory.add(this.readiness);
    } catch (error) {
      if (!signal?.aborted && !isAbort(error)) this.readinessError = asApiError(error);
    }
  }

  async #readOverview(signal?: AbortSignal): Promise<void> {
    try {
      this.overview = await getOverview(signal);
      this.overviewError = null;
    } catch (error) {
      if (!signal?.aborted && !isAbort(error)) this.overviewError = asApiError(error);
    }
  }
}
