import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dashboard, PHONE, soon } from './dashboard.ts';
import type { Visit } from './dashboard.ts';

/** The command palette and the shortcuts, as hands on a keyboard use them. */
let dashboard: Dashboard;
let run: string;
beforeAll(async () => {
  dashboard = await Dashboard.open({ stub: true });
  const { das } = dashboard;
  await das.putScript('reports/daily.py', 'import sys\nprint("daily", *sys.argv[1:])\n');
  await das.putScript('reports/weekly.py', 'print("weekly")\n');
  await dashboard.scan();
  run = (await das.runToEnd({ script: `${das.scriptsDir}/reports/daily.py` })).id;
});
afterAll(() => dashboard[Symbol.asyncDispose]());

/** The page once it listens to keys. */
async function visit(path: string, options?: Parameters<Dashboard['visit']>[1]): Promise<Visit> {
  const opened = await dashboard.visit(path, options);
  await opened.sees(opened.page.getByRole('status', { name: 'Connection' }).getByText('Live'));
  return opened;
}
const option = ({ page }: Visit, name: string | RegExp) => page.getByRole('option', { name });
const path = ({ page }: Visit) => new URL(page.url()).pathname + new URL(page.url()).search;

test('⌘K finds pages, scripts and runs, by keyboard alone, and gives the focus back', async () => {
  await using opened = await visit('/runs');
  const { page, dialog } = opened;
  await opened.sees(page.getByRole('row').nth(1));
  await page.keyboard.press('j');
  const row = page.getByRole('main').getByRole('link', { name: 'daily.py' });
  await soon(() => row.evaluate((element) => element === document.activeElement)).toBe(true);

  await page.keyboard.press('Control+k');
  await opened.sees(dialog.getByRole('combobox'));
  await page.keyboard.press('Escape');
  await opened.seesNoMore(dialog);
  await soon(() => row.evaluate((element) => element === document.activeElement)).toBe(true);

  await page.keyboard.press('Control+k');
  await opened.sees(dialog.getByRole('combobox'));
  await page.keyboard.type('weekly');
  await opened.sees(option(opened, /weekly\.py/));
  await page.keyboard.press('Enter');
  await soon(() => path(opened)).toBe(
    `/scripts?path=${encodeURIComponent(`${dashboard.das.scriptsDir}/reports/weekly.py`)}`,
  );

  await page.keyboard.press('Control+k');
  await page.keyboard.type(run.slice(0, 20));
  await opened.sees(option(opened, /daily\.py.*Completed/));
  await page.keyboard.press('Enter');
  await soon(() => path(opened)).toBe(`/runs/${run}`);
  await opened.sees(page.getByRole('heading', { name: 'daily.py', level: 1 }));

  await page.keyboard.press('Control+k');
  await page.keyboard.type('work');
  await opened.sees(option(opened, /Workers/));
  await page.keyboard.press('Enter');
  await soon(() => path(opened)).toBe('/workers');

  // What was left is found again.
  await page.keyboard.press('Control+k');
  await opened.sees(page.getByRole('group', { name: 'Recent' }).getByRole('option', { name: /daily\.py/ }));
  await opened.sees(page.getByRole('group', { name: 'Recent' }).getByRole('option', { name: /weekly\.py/ }));
  expect(opened.loads).toBe(1);
});

test('the palette acts: scan, theme, and a launch of what is looked at', async () => {
  await using opened = await visit(`/scripts?path=${dashboard.das.scriptsDir}/reports/weekly.py`);
  const { page, dialog } = opened;
  const choose = async (typed: string, name: string | RegExp) => {
    await page.keyboard.press('Control+k');
    await opened.sees(dialog.getByRole('combobox'));
    await page.keyboard.type(typed);
    await option(opened, name).first().click();
  };
  await choose('scan now', 'Scan now');
  await opened.sees('2 scripts found');
  await choose('theme dark', 'Theme: dark');
  await soon(() => page.locator('html').getAttribute('data-theme')).toBe('dark');
  await choose('times', /^Times/);
  await soon(() => page.evaluate(() => localStorage.getItem('das.times'))).toBe('absolute');
  await choose('launch weekly', 'Launch weekly.py…');
  await opened.sees(dialog.getByRole('heading', { name: 'Run weekly.py' }));
  await page.keyboard.press('Escape');
  await opened.seesNoMore(dialog);

  await page.keyboard.press('Control+k');
  await page.keyboard.type('zzqx');
  await opened.sees('Nothing fits “zzqx”');
});

test('g and a letter, / and ? work everywhere but where one types or a dialog is open', async () => {
  await using opened = await visit('/scripts');
  const { page, dialog } = opened;
  await page.keyboard.press('g');
  await page.keyboard.press('l');
  await soon(() => path(opened)).toBe('/launches');
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await soon(() => path(opened)).toBe('/runs');
  await page.keyboard.press('/');
  const search = page.getByRole('searchbox');
  await soon(() => search.evaluate((element) => element === document.activeElement)).toBe(true);
  await page.keyboard.type('gs?');
  expect(await search.inputValue()).toBe('gs?');
  expect(await dialog.count()).toBe(0);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');

  await page.keyboard.press('?');
  await opened.sees(dialog.getByRole('heading', { name: 'Keyboard shortcuts' }));
  for (const name of ['Everywhere', 'Go to', 'In lists'])
    await opened.sees(dialog.getByRole('region', { name }).getByRole('listitem'));
  await page.keyboard.press('g');
  await page.keyboard.press('w');
  await page.keyboard.press('Escape');
  await opened.seesNoMore(dialog);
  expect(path(opened)).toMatch(/^\/runs/);
});

test('j, k, x and Enter go through the scripts', async () => {
  await using opened = await visit('/scripts');
  const { page } = opened;
  await opened.sees(opened.button(/^weekly\.py/));
  const held = () => page.evaluate(() => document.activeElement?.textContent?.trim().split(/\s/)[0]);
  for (const [key, name] of [
    // The directory is a row, too.
    ['j', 'reports'],
    ['j', 'daily.py'],
    ['j', 'weekly.py'],
    ['j', 'weekly.py'],
    ['k', 'daily.py'],
  ] as const) {
    await page.keyboard.press(key);
    await soon(held).toBe(name);
  }
  await page.keyboard.press('x');
  await opened.sees(page.getByTestId('selected').getByText('1 selected'));
  await page.keyboard.press('Enter');
  await soon(() => path(opened)).toContain('daily.py');
});

test('on a phone a button opens the palette, which fits', async () => {
  await using opened = await visit('/runs', { viewport: PHONE, hasTouch: true, isMobile: true });
  const { page, dialog } = opened;
  await opened.button('Search and commands').tap();
  await dialog.getByRole('combobox').fill('daily');
  await option(opened, /^daily\.py/)
    .first()
    .waitFor();
  expect(await dialog.evaluate((element) => element.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
  await option(opened, /daily\.py/)
    .first()
    .tap();
  await soon(() => path(opened)).toContain('daily.py');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
});
