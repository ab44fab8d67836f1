import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dashboard, soon } from './dashboard.ts';

/** Finding things: scripts, files, runs. */
let dashboard: Dashboard;
let scripts: string;
beforeAll(async () => {
  dashboard = await Dashboard.open({ stub: true });
  const { das } = dashboard;
  scripts = das.scriptsDir;
  await das.putScript('reports/daily.py', 'print("daily")\n');
  await das.putScript('reports/broken.py', 'raise RuntimeError("no")\n');
  await das.putScript('reports/2026/größe übersicht.py', 'print("größe")\n');
  await das.putScript('reports/notes.txt', 'not a script\n');
  await das.putScript('huge.py', `# ${'x'.repeat(6 * 1024 * 1024)}\n`);
  await dashboard.scan();
});
afterAll(() => dashboard[Symbol.asyncDispose]());

test('the files browser: directories, other files, a file too large to preview', async () => {
  await using visit = await dashboard.visit('/scripts');
  const { page } = visit;
  await visit.button('All files').click();
  const files = page.getByRole('list', { name: 'Files' });
  const entry = (name: string) => files.getByRole('button', { name: new RegExp(`^${name}`) });
  await entry('reports').click();
  await visit.sees(entry('2026'));
  await visit.sees(entry('daily.py').getByText('script', { exact: true }));
  expect(await entry('notes.txt').innerText()).not.toContain('script');
  await entry('notes.txt').click();
  await visit.sees('This is no script: only .py files are shown and run.');
  await visit.sees('A script finds it in its working directory when the launch names it under “Other files”.');
  expect(await visit.button('Launch').count()).toBe(0);
  await entry('2026').click();
  await entry('größe übersicht.py').click();
  await visit.sees(page.getByRole('heading', { name: 'größe übersicht.py' }));
  await visit.sees(page.getByRole('textbox', { name: /größe übersicht\.py$/ }).getByText('print("größe")'));
  // The address says where one is.
  await page.reload();
  await visit.sees(page.getByRole('heading', { name: 'größe übersicht.py' }));
  const crumbs = page.getByRole('navigation', { name: 'Directory' });
  expect(await crumbs.innerText()).toMatch(/reports\s*\/\s*2026$/);
  await crumbs.getByRole('button', { name: scripts }).click();
  await entry('huge.py').click();
  await visit.sees(page.getByText(/5 MiB/));
});

test('scripts: search, status, choosing, and a file that vanishes', async () => {
  await using visit = await dashboard.visit('/scripts');
  const { page } = visit;
  const list = page.getByRole('list', { name: 'Scripts' });
  const names = async () => {
    const labels = await list
      .getByRole('checkbox', { name: /\.py$/ })
      .evaluateAll((boxes) => boxes.map((box) => box.ariaLabel));
    return labels.map((label) => label?.replace('Select ', ''));
  };
  await soon(names).toEqual(['größe übersicht.py', 'broken.py', 'daily.py', 'huge.py']);
  await page.keyboard.press('/');
  await page.keyboard.type('RePorts/da');
  await soon(names).toEqual(['daily.py']);
  await page.getByRole('checkbox', { name: 'Select all shown scripts' }).check();
  await page.getByRole('searchbox').fill('');
  await list.getByRole('checkbox', { name: 'Select broken.py' }).check();
  await visit.sees(page.getByRole('status', { name: 'Selection' }).getByText('2 selected'));

  // All of a row opens its preview, what is not a button of its own, too.
  const row = page.getByTestId('script').filter({ hasText: 'daily.py' });
  const box = await row.boundingBox();
  await row.click({ position: { x: (box?.width ?? 0) - 45, y: 16 } });
  await visit.sees(page.getByTestId('preview-title').getByText('daily.py'));

  // The state of each comes by itself, and can be filtered by.
  for (const name of ['daily', 'broken']) await dashboard.das.runToEnd({ script: `${scripts}/reports/${name}.py` });
  await visit.sees(visit.state('Success', list));
  await visit.button(/^Failed, /).click();
  await soon(names).toEqual(['broken.py']);
  await visit.button(/^Failed, /).click();

  await dashboard.das.putScript('passing.py', 'print()\n');
  await visit.button('Scan now').click();
  await visit.sees('1 added');
  await visit.sees(list.getByText('passing.py'));
  await dashboard.das.hdfs.remove(`${scripts}/passing.py`);
  await visit.button('Scan now').click();
  await visit.sees('1 missing');
  await visit.sees(list.getByText('Missing', { exact: true }));
  expect(visit.loads).toBe(1);
});

test('filters of runs live in the address: they survive a reload, and so can be sent to somebody', async () => {
  const { das } = dashboard;
  for (const [name, team] of [
    ['daily', 'a'],
    ['broken', 'a'],
    ['broken', 'b'],
  ] as const)
    await das.runToEnd({ script: `${scripts}/reports/${name}.py`, labels: { team } });
  await using visit = await dashboard.visit('/runs');
  const { page } = visit;
  const table = page.getByRole('table', { name: 'Runs' });
  const names = async () => (await table.getByRole('link').allInnerTexts()).map((text) => text.split('\n')[0]);
  await visit.sees(table.getByText('daily.py'));
  await visit.button(/^Failed\b/).click();
  await visit.seesNoMore(table.getByText('daily.py'));
  await page.getByRole('searchbox', { name: 'Search script path or run id' }).fill('broken');
  await page.waitForURL(/q=broken/);
  await visit.button('More filters').click();
  await page.getByLabel('Label').fill('team:b');
  await visit.button('Apply').click();
  await page.waitForURL(/label=team/);
  await soon(names).toEqual(['broken.py']);
  const { searchParams } = new URL(page.url());
  expect(Object.fromEntries(searchParams)).toEqual({ state: 'failed', q: 'broken', label: 'team:b' });

  await page.reload();
  await soon(names).toEqual(['broken.py']);
  expect(await visit.button(/^Failed\b/).getAttribute('aria-pressed')).toBe('true');
  expect(await page.getByRole('searchbox').inputValue()).toBe('broken');
  // A run that does not match does not slip in live; one that does comes.
  await das.runToEnd({ script: `${scripts}/reports/broken.py`, labels: { team: 'a' } });
  await das.runToEnd({ script: `${scripts}/reports/broken.py`, labels: { team: 'b' } });
  await soon(names).toEqual(['broken.py', 'broken.py']);
  await visit.button('Remove the filter Label').click();
  await soon(async () => (await names()).length).toBeGreaterThanOrEqual(4);
});
