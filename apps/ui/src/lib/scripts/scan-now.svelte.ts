import type { Scan } from '@das/contracts/script';
import { asApiError, type ApiError } from '../api/error.ts';
import { getScan, startScan } from '../api/scripts.ts';

const POLL_MS = 400;

/** "Scan now" and what it found. */
export class ScanNow {
  scan = $state.raw<Scan | null>(null);
  error = $state.raw<ApiError | null>(null);
  busy = $state(false);

  async start(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.error = null;
    this.scan = null;
    try {
      let scan = await startScan();
      while (scan.state === 'running') {
        await new Promise((wake) => setTimeout(wake, POLL_MS));
        scan = await getScan(scan.id);
      }
      this.scan = scan;
    } catch (error) {
      this.error = asApiError(error);
    } finally {
      this.busy = false;
    }
  }

  dismiss(): void {
    this.scan = null;
    this.error = null;
  }
}
