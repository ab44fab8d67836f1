import { putRuns, trackMany } from '@das/testkit/many-scripts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dashboard, PHONE, soon } from './dashboard.ts';
import type { Visit } from './dashboard.ts';

/** Thousands of scripts: found, moved through, chosen, and their last runs. (20,000 of them: scripts-many.long.ts.) */
const COUNT = 2000;
let dashboard: Dashboard;
let paths: string[];
let real: string;
beforeAll(async () => {
  dashboard = await Dashboard.open({ stub: true });
  real = await dashboard.das.putScript('team-00/real.py', 'import sys\nprint("hello", *sys.argv[1:])\n');
  await dashboard.scan();
  paths = await trackMany(dashboard.das, COUNT);
  await putRuns(dashboard.das, paths.slice(0, 120), 14);
});
afterAll(() => dashboard[Symbol.asyncDispose]());

/** The page once it listens to keys and knows every script. */
async function open(path: string, options?: Parameters<Dashboard['visit']>[1]): Promise<Visit> {
  const visit = await dashboard.visit(path, options);
  await visit.sees(visit.page.getByText(/^2,001 tracked$/));
  await visit.sees(visit.page.getByRole('status', { name: 'Connection' }).getByText('Live'));
  return visit;
}
const focused = ({ page }: Visit) =>
  page.evaluate(() => document.activeElement?.textContent.trim().split(/\s/)[0] ?? '');
const selected = ({ page }: Visit) => page.getByTestId('selected').innerText();

test('search as one types, words in any order, and the keyboard leads into what is found', async () => {
  await using visit = await open('/scripts');
  const { page } = visit;
  const list = page.getByRole('list', { name: 'Scripts' });
  await page.keyboard.press('/');
  await page.keyboard.type('01 team-03 script');
  const found = paths.filter((path) => ['01', 'team-03', 'script'].every((word) => path.includes(word)));
  await visit.sees(`Select all ${found.length} matching`);
  await page.keyboard.press('ArrowDown');
  await soon(() => focused(visit)).toBe('team-03');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  const first = await focused(visit);
  expect(first).toMatch(/^script_\d{5}\.py$/);
  await page.keyboard.press(' ');
  expect(await list.getByRole('checkbox', { name: `Select ${first}` }).isChecked()).toBe(true);
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(first));
  await visit.sees(page.getByRole('heading', { name: first }));
  // Left goes to the directory and closes it; while one searches everything found stays in sight, so: without a search.
  await page.getByRole('searchbox').fill('');
  await page.keyboard.press('ArrowDown');
  await soon(() => focused(visit)).toBe('team-00');
  await page.keyboard.press('ArrowLeft');
  await soon(() => page.locator('[data-place="0"]').getAttribute('aria-expanded')).toBe('false');
  await page.keyboard.press('ArrowRight');
  await soon(() => page.locator('[data-place="0"]').getAttribute('aria-expanded')).toBe('true');
  await page.keyboard.press('End');
  await soon(() => focused(visit)).toBe('script_01999.py');
  await visit.sees(list.getByText('script_01999.py'));
  await page.keyboard.press('Home');
  await soon(() => focused(visit)).toBe('team-00');
});

test('the socket that comes late: what was read before is read again, nothing else, and no change is lost', async () => {
  await using visit = await dashboard.visit('/launches');
  const { page } = visit;
  const socket = Promise.withResolvers<void>();
  await page.routeWebSocket(/socket\.io/, async (route) => {
    await socket.promise;
    route.connectToServer();
  });
  const pages: (string | null)[] = [];
  const faults: string[] = [];
  const asked = new Map<string, number>();
  const pathsOf = (url: string) => new URL(url).searchParams.getAll('path');
  page.on('requestfailed', (request) => {
    if (request.url().includes('/api/v1/scripts')) faults.push(`failed: ${request.url()}`);
  });
  page.on('request', (request) => {
    if (!request.url().includes('/scripts/grid?')) return;
    for (const path of pathsOf(request.url())) asked.set(path, (asked.get(path) ?? 0) + 1);
    for (const [path, times] of asked) if (times > 1) faults.push(`asked for twice at a time: ${path}`);
  });
  page.on('requestfinished', (request) => {
    for (const path of pathsOf(request.url())) asked.set(path, (asked.get(path) ?? 0) - 1);
  });
  await page.route(/\/api\/v1\/scripts\?/, async (route) => {
    pages.push(new URL(route.request().url()).searchParams.get('cursor'));
    if (pages.length === 3) {
      // Nobody tells of this: it comes after the first page was read, and before the subscription.
      await dashboard.das.db.scripts.updateOne({ _id: paths[0] ?? '' }, { $set: { status: 'failed' } });
      socket.resolve();
      await visit.sees(page.getByRole('status', { name: 'Connection' }).getByText('Live'));
    }
    await route.continue();
  });
  await page.goto('/scripts');
  await visit.sees(page.getByText(/^2,001 tracked$/));
  await soon(() => pages.length).toBe(11 + 3);
  expect(pages.slice(11)).toEqual(pages.slice(0, 3));
  const first = page.getByTestId('script').filter({ hasText: 'script_00000.py' });
  await visit.sees(first.getByText('Failed', { exact: true }));
  await page.waitForLoadState('networkidle');
  expect(faults).toEqual([]);
});

test('what was chosen stays chosen: ranges, directories, everything that matches', async () => {
  await using visit = await open('/scripts');
  const { page } = visit;
  const list = page.getByRole('list', { name: 'Scripts' });
  const box = (name: string) => list.getByRole('checkbox', { name, exact: true });
  const search = (text: string) => page.getByRole('searchbox').fill(text);
  await search('etl-0/');
  await box('Select script_00003.py').click();
  await box('Select script_00009.py').click({ modifiers: ['Shift'] });
  await soon(() => selected(visit)).toBe('7 selected');
  expect(await box('Select script_00006.py').isChecked()).toBe(true);
  await search('etl-3/');
  await visit.sees('7 not in sight');
  await box('Select all in team-03/etl-3').check();
  await soon(() => selected(visit)).toBe('57 selected');
  await search('script_0012');
  await page.getByRole('checkbox', { name: 'Select all shown scripts' }).check();
  await soon(() => selected(visit)).toBe('67 selected');
  await search('');
  await page.getByRole('checkbox', { name: 'Select all shown scripts' }).check();
  await soon(() => selected(visit)).toBe('2,001 selected');
  await visit.sees('One launch takes 1,000 at most');
  expect(await visit.button('Launch 2,001').isDisabled()).toBe(true);
  await visit.button('Clear').click();
  await visit.seesNoMore(page.getByTestId('selected'));
});

test('the last runs beside each script: what each square means, and where it leads', async () => {
  await using visit = await open('/scripts');
  const { page } = visit;
  const squares = page.getByRole('group', { name: 'Last runs of script_00000.py' }).getByRole('link');
  await soon(() => squares.count()).toBe(8);
  const newest = (await dashboard.das.call('getScriptGrid', { query: { path: paths[0] ?? '' } })).body.items[0]
    ?.runs[0];
  expect(await squares.last().getAttribute('aria-label')).toMatch(/^Completed in \d+ s, \d{4}-\d\d-\d\d \d\d:\d\d$/);
  expect(await squares.last().getAttribute('href')).toBe(`/runs/${newest?.id}`);
  await squares.last().click();
  await page.waitForURL(`**/runs/${newest?.id}`);
});

test('the grid: scripts by their last runs, live, by keyboard, and on a phone', async () => {
  await using visit = await open('/scripts');
  const { page } = visit;
  await visit.button('Grid').click();
  await page.waitForURL(/view=grid/);
  const grid = page.getByRole('grid', { name: 'Last runs of each script' });
  await page.getByRole('searchbox').fill('script_0000');
  const row = grid.getByRole('row').filter({ hasText: 'script_00001.py' });
  await soon(() => row.getByRole('gridcell').getByRole('link').count()).toBe(14);
  await soon(() => grid.getByRole('row').count()).toBe(11);

  // By keyboard from the name to its newest run.
  await grid.getByRole('link', { name: /^script_00000\.py/ }).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('End');
  const newest = await page.evaluate(() => document.activeElement?.getAttribute('href'));
  expect(newest).toBe(await row.getByRole('gridcell').getByRole('link').last().getAttribute('href'));
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/runs\/\w+$/);
  expect(new URL(page.url()).pathname).toBe(await second(paths[1] ?? ''));
  await page.goBack();

  // A run that starts now comes by itself, and its end, too.
  await page.getByRole('searchbox').fill('real.py');
  const live = grid.getByRole('row').filter({ hasText: 'real.py' });
  await soon(() => live.getByRole('gridcell', { name: 'No run' }).count()).toBe(14);
  const run = await dashboard.das.runToEnd({ script: real });
  await visit.sees(live.locator(`a[href="/runs/${run.id}"][data-state="completed"]`));
  await live.getByRole('link', { name: /^real\.py/ }).click();
  await page.waitForURL(/path=/);
  await visit.sees(page.getByRole('heading', { name: 'real.py' }));
  expect(visit.loads).toBe(1);

  // The heads stand above their columns, and the last row ends where the grid does.
  await page.goto('/scripts?view=grid');
  await visit.sees(grid.locator('a[data-state]').first());
  const left = async (name: string) => (await grid.getByRole('columnheader', { name }).boundingBox())?.x;
  const cells = grid.getByRole('row').filter({ hasText: 'script_00000.py' }).getByRole('gridcell');
  expect(await left('Last 14 runs')).toBe((await cells.first().boundingBox())?.x);
  expect(await left('Usually')).toBe((await cells.last().boundingBox())?.x);
  await visit.sees(page.getByText(/^2,001 tracked$/));
  await grid.evaluate((element) => element.scrollTo({ top: element.scrollHeight }));
  const lowest = grid.locator('[data-grid-row="2000"]');
  await visit.sees(lowest);
  const [row2000, all] = [await lowest.boundingBox(), await grid.boundingBox()];
  expect(Math.abs((row2000?.y ?? 0) + (row2000?.height ?? 0) - (all?.y ?? 0) - (all?.height ?? 0))).toBeLessThan(20);

  await using phone = await open('/scripts?view=grid', { viewport: PHONE });
  const cell = phone.page.getByRole('row').filter({ hasText: 'script_00000.py' }).getByRole('gridcell');
  await soon(async () => ((await cell.nth(13).boundingBox())?.x ?? 9999) < PHONE.width).toBe(true);
});

/** Address of the run before the newest. */
async function second(path: string): Promise<string> {
  return `/runs/${(await dashboard.das.call('getScriptGrid', { query: { path } })).body.items[0]?.runs[1]?.id}`;
}
