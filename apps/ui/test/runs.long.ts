import { expect, test } from 'vitest';
import { Dashboard, soon } from './dashboard.ts';
import { ManyRuns } from './many-runs.ts';
import { heapMiB, watchLongTasks } from './page-costs.ts';

const RUNS = Number(process.env['DAS_RUNS'] ?? 10_000);
const PER_SECOND = Number(process.env['DAS_CHANGES'] ?? 200);
const SECONDS = Number(process.env['DAS_SECONDS'] ?? 60);
/** What a person feels as a freeze, in ms. */
const FREEZE_MS = 200;

/** The heavy form of runs-live.e2e.test.ts: how the list bears ten thousand runs of which two hundred a second change. */
test(`${RUNS} runs, ${PER_SECOND} changes a second for ${SECONDS} s: nothing freezes, nothing is wrong, nothing grows`, async () => {
  await using dashboard = await Dashboard.open(ManyRuns.QUIET);
  const { das } = dashboard;
  const many = new ManyRuns(das);
  await many.store(RUNS);
  await using visit = await dashboard.visit('/runs');
  const { page } = visit;
  const rows = page.getByRole('table', { name: 'Runs' }).getByTestId('run');
  await visit.sees(rows.first());
  await page.waitForLoadState('networkidle');
  const tasks = await watchLongTasks(page);

  const heaps = [await heapMiB(page)];
  const changes = { made: 0 };
  for (let part = 0; part < 4; part += 1) {
    changes.made += await many.change({ perSecond: PER_SECOND, seconds: SECONDS / 4 });
    heaps.push(await heapMiB(page));
  }
  const newest = (await das.db.runs.find().sort({ _id: -1 }).limit(20).toArray()).map(({ _id, state }) => [_id, state]);
  const shown = () =>
    rows.evaluateAll((all) => all.slice(0, 20).map((row) => [row.dataset['run'] ?? '', row.querySelector('[data-state]')?.getAttribute('data-state') ?? ''])); // prettier-ignore
  await soon(shown).toEqual(newest);
  const failed = await das.db.runs.countDocuments({ state: 'failed' });
  await visit.sees(page.getByRole('button', { name: `Failed, ${failed.toLocaleString('en')} runs` }));
  const longTasks = await tasks();
  console.log(
    JSON.stringify({
      runs: RUNS,
      changesPerSecond: Math.round(changes.made / SECONDS),
      longTasks: longTasks.length,
      longestMs: Math.max(0, ...longTasks),
      heapMiB: heaps.map(Math.round),
    }),
  );
  expect(longTasks.filter((duration) => duration > FREEZE_MS)).toEqual([]);
  // The first quarter fills what a list may hold; after it nothing is added.
  expect(heaps.at(-1) ?? 0).toBeLessThan((heaps[1] ?? 0) + 15);
});
