import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dashboard, soon } from './dashboard.ts';
import { ManyRuns } from './many-runs.ts';

/** The API goes and comes back, the network goes and comes back: what is shown is told as old, and is right again by itself. */
let dashboard: Dashboard;
let many: ManyRuns;
beforeAll(async () => {
  dashboard = await Dashboard.open(ManyRuns.QUIET);
  many = new ManyRuns(dashboard.das);
  await many.store(200);
});
afterAll(() => dashboard[Symbol.asyncDispose]());

const stored = async () =>
  (await dashboard.das.db.runs.find().sort({ _id: -1 }).limit(20).toArray()).map(({ _id, state }) => [_id, state]);

test('the API is killed and started again on its port: told at once, with an age, and right again without a reload', async () => {
  const { das } = dashboard;
  await using visit = await dashboard.visit('/runs');
  const { page } = visit;
  const connection = page.getByRole('status', { name: 'Connection' });
  const shown = () =>
    page.getByTestId('run').evaluateAll((rows) => rows.slice(0, 20).map((row) => [row.dataset['run'] ?? '', row.querySelector('[data-state]')?.getAttribute('data-state') ?? ''])); // prettier-ignore
  await visit.sees(connection.getByText('Live'));
  await soon(shown).toEqual(await stored());
  const before = await shown();

  das.kill(das.apis.at(-1)?.pid ?? 0);
  await visit.sees(connection.getByText(/Reconnecting|Disconnected/));
  await visit.sees(page.getByRole('alert').getByText(/^what you see is \d+ s old$/));
  await many.change({ perSecond: 30, seconds: 2 });
  expect(await shown()).toEqual(before);
  await soon(async () => Number(/(\d+) s old/.exec(await page.getByRole('alert').innerText())?.[1])).toBeGreaterThan(1);

  await das.addApi({ API_PORT: new URL(das.url).port });
  await visit.sees(connection.getByText('Live'));
  const now = await stored();
  expect(now).not.toEqual(before);
  await soon(shown).toEqual(now);
  await soon(() => page.getByRole('alert').count()).toBe(0);
  await many.change({ perSecond: 30, seconds: 1 });
  await soon(shown).toEqual(await stored());
  expect(visit.loads).toBe(1);
});

test('the tab tells how many run, and what failed while nobody looked', async () => {
  await using visit = await dashboard.visit('/runs');
  const { page } = visit;
  const running = await dashboard.das.db.runs.countDocuments({ state: 'running' });
  await soon(() => page.title()).toBe(running > 0 ? `(${running}) Runs · DAS` : 'Runs · DAS');
  const icon = () => page.locator('link[rel=icon]').getAttribute('href');
  await soon(icon).toMatch(/^data:image\/svg/);
  const calm = await icon();
  // Chromium under test never hides a tab: it is told so.
  const look = (hidden: boolean) =>
    page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { value, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  await look(true);
  const failed = () => dashboard.das.db.runs.countDocuments({ state: 'failed' });
  const before = await failed();
  while ((await failed()) === before) await many.change({ perSecond: 40, seconds: 1 });
  await look(true);
  await soon(() => page.title()).toMatch(/^✕ \d+ failed · Runs · DAS$/);
  expect(await icon()).not.toBe(calm);
  await look(false);
  await soon(() => page.title()).not.toContain('failed');
});
