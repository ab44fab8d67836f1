import type { BulkRequest } from '@das/contracts/bulk';
import { LIMITS } from '@das/contracts/limits';
import { bulkRuns } from '../api/bulk.ts';
import { newKey } from '../api/client.ts';
import { asApiError, type ApiError } from '../api/error.ts';

export type BulkTarget = Pick<BulkRequest, 'action' | 'ids' | 'filter'>;
/** Above so many runs their number is typed before anything happens. */
const TYPED_ABOVE = 100;

/** A bulk cancel or re-run: first the server counts what it would hit, then it hits just as many, or none. */
export class BulkDraft {
  readonly target: BulkTarget;
  matched = $state<number | null>(null);
  typed = $state('');
  busy = $state(false);
  error = $state.raw<ApiError | null>(null);
  #key = newKey();

  constructor(target: BulkTarget) {
    this.target = target;
  }

  readonly tooMany = $derived((this.matched ?? 0) > LIMITS.bulkRuns);
  readonly mustType = $derived(!this.tooMany && (this.matched ?? 0) > TYPED_ABOVE);
  readonly ready = $derived(
    (this.matched ?? 0) > 0 && !this.tooMany && (!this.mustType || this.typed.trim() === String(this.matched)),
  );

  async count(): Promise<void> {
    try {
      this.matched = (await bulkRuns({ ...this.target, dryRun: true }, newKey())).matched;
    } catch (error) {
      this.error = asApiError(error);
    }
  }

  /** Answers how many were hit and how many were refused, or null where nothing was done (see `error`). */
  async submit(): Promise<{ hit: number; refused: number } | null> {
    if (this.matched === null || this.busy) return null;
    this.busy = true;
    this.error = null;
    try {
      const { items } = await bulkRuns({ ...this.target, expect: this.matched }, this.#key);
      const hit = items.filter(({ ok }) => ok).length;
      return { hit, refused: items.length - hit };
    } catch (error) {
      this.error = asApiError(error);
      // Another number than was confirmed: the new one is shown, to be confirmed anew.
      if (this.error.code === 'invalid_state') {
        this.#key = newKey();
        this.typed = '';
        await this.count();
      }
      return null;
    } finally {
      this.busy = false;
    }
  }
}
