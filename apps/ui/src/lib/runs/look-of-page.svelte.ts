const CHART = 'das.runs.chart';

/** What this browser shows of the Runs page beside its list; on a phone the list comes first. */
export class LookOfPage {
  chart = $state(read() ?? !matchMedia('(max-width: 48rem)').matches);

  showChart(shown: boolean): void {
    this.chart = shown;
    try {
      localStorage.setItem(CHART, String(shown));
    } catch {
      // No storage: it lasts as long as the page.
    }
  }
}

function read(): boolean | null {
  try {
    const stored = localStorage.getItem(CHART);
    return stored === null ? null : stored === 'true';
  } catch {
    return null;
  }
}
