import type { Readiness } from '@das/contracts/system';

export type Check = { at: number; readiness: Readiness };

/** So many are kept: five minutes of looking. */
const KEPT = 60;

/** How the parts answered since this tab was opened; outlives the pages that look. */
class HealthHistory {
  checks = $state.raw<readonly Check[]>([]);

  add(readiness: Readiness): void {
    this.checks = [...this.checks, { at: Date.now(), readiness }].slice(-KEPT);
  }
}

export const healthHistory = new HealthHistory();
