import type { LaunchRequest } from '@das/contracts/run-request';
import { planLaunch } from '../api/launches.ts';
import { asApiError, isAbort, type ApiError } from '../api/error.ts';
import type { PlanItem } from './effective.ts';

/** What is typed settles before it is asked about. Milliseconds. */
const SETTLE_MS = 400;

/** What would start: the API's dry run of the launch as it stands. */
export class PlanView {
  items = $state.raw<PlanItem[] | null>(null);
  /** What `items` answers. */
  request = $state.raw<LaunchRequest | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** What is shown is of an earlier request. */
  loading = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking: AbortController | null = null;

  /** Asks soon, at once the first time; the answer takes it back. Made for `$effect`. */
  ask(request: LaunchRequest): () => void {
    this.loading = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#fetch(request), this.#asking === null ? 0 : SETTLE_MS);
    return () => {
      clearTimeout(this.#timer);
      this.#asking?.abort();
    };
  }

  async #fetch(request: LaunchRequest): Promise<void> {
    const { signal } = (this.#asking = new AbortController());
    try {
      const { items } = await planLaunch(request, signal);
      if (signal.aborted) return;
      this.items = items;
      this.request = request;
      this.error = null;
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      this.error = asApiError(error);
      this.items = null;
    }
    this.loading = false;
  }
}
