import { remember, remembered } from '../ui/remembered.ts';

const CHART = 'das.runs.chart';

/** What this browser shows of the Runs page beside its list; on a phone the list comes first. */
export class LookOfPage {
  chart = $state(read() ?? !matchMedia('(max-width: 48rem)').matches);

  showChart(shown: boolean): void {
    this.chart = shown;
    remember(CHART, String(shown));
  }
}

function read(): boolean | null {
  const stored = remembered(CHART);
  return stored === null ? null : stored === 'true';
}
