import { launchBrowser } from '@das/testkit/browser';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { fillArchive } from '../archive.ts';
import { AS_SHIPPED, quantile } from '../measure.ts';
import type { Row } from '../measure.ts';

const RUNS = 10_000;
type Browser = Awaited<ReturnType<typeof launchBrowser>>;
type Context = Awaited<ReturnType<Browser['newContext']>>;
type Visit = { liveMs: number; scriptBytes: number };

/** The Runs page in Chromium: the JavaScript it fetches until its table is live, and when that is; for a newcomer and for one who was there before. */
export async function u1(quick: boolean): Promise<Row[]> {
  const count = quick ? 5 : 20;
  await using das = await startDas({ stub: true, env: AS_SHIPPED });
  await fillArchive(das.db, das.scriptsDir, RUNS);
  const browser = await launchBrowser();
  try {
    const first: Visit[] = [];
    const again: Visit[] = [];
    // The first one finds an API whose code V8 has not compiled.
    for (let n = -1; n < count; n += 1) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
      const [newcomer, regular] = [await visit(context, das), await visit(context, das)];
      await context.close();
      if (n < 0) continue;
      first.push(newcomer);
      again.push(regular);
    }
    const row = (what: string, das: number, unit: string, note = ''): Row => ({
      id: 'U1', what, goal: null, das, baseline: null, unit, ratio: null, note,
    }); // prettier-ignore
    const live = (what: string, visits: Visit[]): Row => {
      const times = visits.map(({ liveMs }) => liveMs);
      return row(what, quantile(times, 0.5), 'ms', `p95 ${Math.round(quantile(times, 0.95))} ms of ${times.length}`);
    };
    const bytes = quantile(first.map(({ scriptBytes }) => scriptBytes), 0.5); // prettier-ignore
    return [
      row('JavaScript fetched until the table of runs is live', bytes / 1000, 'kB', 'lazy parts among it'),
      live(`first visit → live table of ${RUNS.toLocaleString('en')} runs, p50`, first),
      live('the next visit, p50', again),
    ];
  } finally {
    await browser.close();
  }
}

/** From the beginning of the navigation until a run is listed and the socket is connected, by the page's own clock. */
async function visit(context: Context, das: Das): Promise<Visit> {
  const page = await context.newPage();
  await page.goto(`${das.url}/runs`, { waitUntil: 'commit' });
  const found = await page.evaluate(async () => {
    const frame = () => new Promise((wake) => requestAnimationFrame(wake));
    const isLive = () =>
      document.querySelector('[data-row] a') !== null &&
      document.querySelector('[aria-label="Connection"]')?.textContent.includes('Live');
    while (!isLive()) await frame();
    const liveMs = performance.now();
    const parts = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
    const scripts = parts.filter(({ name }) => new URL(name).pathname.endsWith('.js'));
    return { liveMs, scriptBytes: scripts.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0) };
  });
  await page.close();
  return found;
}
