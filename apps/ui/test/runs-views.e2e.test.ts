import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dashboard, soon } from './dashboard.ts';
import type { Visit } from './dashboard.ts';
import { ManyRuns } from './many-runs.ts';

/** Finding runs: filters and what they are called, saved views, the chart, failures by cause. */
let dashboard: Dashboard;
let many: ManyRuns;
beforeAll(async () => {
  dashboard = await Dashboard.open(ManyRuns.QUIET);
  many = new ManyRuns(dashboard.das);
  await many.store(400);
});
afterAll(() => dashboard[Symbol.asyncDispose]());

const query = ({ page }: Visit) => Object.fromEntries(new URL(page.url()).searchParams);
const count = (filter: object) => dashboard.das.db.runs.countDocuments(filter);
const matching = (n: number) => `${n.toLocaleString('en')} ${n === 1 ? 'run matches' : 'runs match'}`;

test('each filter is in the address, has a chip, and comes off again', async () => {
  await using visit = await dashboard.visit('/runs');
  const { page } = visit;
  await visit.button('More filters').click();
  await page.getByLabel('Submitter').fill('maria');
  await page.getByLabel('Label').fill('team:t1');
  await page.getByLabel('Failure', { exact: true }).selectOption({ label: 'Python error' });
  await visit.button('Apply').click();
  await soon(() => query(visit)).toEqual({ submitter: 'maria', label: 'team:t1', failureKind: 'python_error' });
  const hit = await count({
    'submittedBy.id': 'maria',
    labels: { key: 'team', value: 't1' },
    'failure.kind': 'python_error',
  });
  await visit.sees(matching(hit));
  const chips = page.getByRole('list', { name: 'Filters in use' });
  const told = async () => (await chips.getByRole('listitem').allInnerTexts()).map((text) => text.replace(/\s+/g, ' '));
  await soon(told).toEqual(expect.arrayContaining(['By: maria', 'Label: team:t1', 'Failure: Python error']));
  await visit.button('Remove the filter Label').click();
  await visit.button('Remove the filter Failure').click();
  await visit.sees(matching(await count({ 'submittedBy.id': 'maria' })));
  await page.getByLabel('Created', { exact: true }).selectOption('1h');
  await soon(() => query(visit)).toEqual({ submitter: 'maria', last: '1h' });
  const hour = { createdAt: { $gte: new Date(Math.floor((Date.now() - 3_600_000) / 60_000) * 60_000) } };
  await visit.sees(matching(await count({ 'submittedBy.id': 'maria', ...hour })));
  await visit.button('Clear all').click();
  await soon(() => query(visit)).toEqual({});
});

test('a filter that is wrong is told at its field, and in an address by its name; it is asked for once at most', async () => {
  await using visit = await dashboard.visit('/runs');
  const { page } = visit;
  const alert = page.getByRole('alert');
  await visit.button('More filters').click();
  // All of a time can be read.
  const after = page.getByLabel('Created after');
  expect((await after.boundingBox())?.width).toBeGreaterThan(190);
  const label = page.getByLabel('Label');
  await label.fill('team');
  await after.fill('2026-11-02T10:00');
  await page.getByLabel('Created before').fill('2026-11-01T10:00');
  await visit.button('Apply').click();
  await soon(() => alert.allInnerTexts()).toEqual(['Write it as key:value', 'Must be later than “Created after”']);
  await soon(() => label.evaluate((input) => input === document.activeElement)).toBe(true);
  expect(query(visit)).toEqual({});
  await label.fill('team:t1');
  await page.getByLabel('Created before').fill('');
  await visit.button('Apply').click();
  await soon(() => Object.keys(query(visit))).toEqual(['label', 'createdAfter']);

  const refused: string[] = [];
  page.on('response', (response) => void (response.status() === 400 && refused.push(response.url())));
  await page.goto('/runs?state=failed,bogus&createdAfter=rubbish&submitter=maria');
  await visit.sees(alert.getByText('State: There is no state “bogus”'));
  await visit.sees(alert.getByText('After: “rubbish” is no time'));
  expect(refused).toEqual([]);
  await visit.button('Drop these filters').click();
  await soon(() => query(visit)).toEqual({ submitter: 'maria' });
  await visit.sees(matching(await count({ 'submittedBy.id': 'maria' })));
});

test('views: given ones, one of your own, the one that Runs opens with', async () => {
  await using visit = await dashboard.visit('/runs?state=failed&submitter=jonas');
  const { page } = visit;
  const menu = page.getByRole('list', { name: 'Views' });
  await visit.button('Views').click();
  await page.getByLabel('Name of the view').fill('What Jonas broke');
  await visit.button('Save').click();
  await visit.sees(menu.getByText('What Jonas broke'));
  await visit.button('Open Runs with What Jonas broke').click();
  await menu.getByText('Running now').click();
  await soon(() => query(visit)).toEqual({ state: 'running,cancelling' });
  await visit.sees(visit.button('Running now'));

  await page.goto('/scripts');
  await page.getByRole('link', { name: 'Runs' }).click();
  await soon(() => query(visit)).toEqual({ state: 'failed', submitter: 'jonas' });
  await visit.button('What Jonas broke').click();
  await visit.button('Rename What Jonas broke').click();
  await page.getByLabel('New name of What Jonas broke').fill('Jonas');
  await visit.button('Rename', page.locator('form')).click();
  await visit.sees(menu.getByText('Jonas', { exact: true }));
  await visit.button('Delete Jonas').click();
  await visit.seesNoMore(menu.getByText('Jonas', { exact: true }));
  await page.goto('/scripts');
  await page.getByRole('link', { name: 'Runs' }).click();
  await visit.sees(page.getByTestId('run').first());
  expect(query(visit)).toEqual({});
});

test('the chart tells how many of which state, and a bar leads to just those, by mouse and by keyboard', async () => {
  await using visit = await dashboard.visit('/runs?state=failed');
  const { page } = visit;
  const bars = page.getByRole('group', { name: /^Runs over time by state/ }).getByRole('button');
  await visit.sees(bars.first());
  const failed = await count({ state: 'failed' });
  await visit.sees(page.getByText(`${failed} runs, at most`));
  const told = (await bars.evaluateAll((all) => all.map((bar) => bar.getAttribute('aria-label') ?? ''))).map((label) => Number(/: (\d+) failed$/.exec(label)?.[1] ?? 0)); // prettier-ignore
  expect(told.reduce((sum, n) => sum + n, 0)).toBe(failed);
  const at = told.findIndex((n) => n > 0) + 2;
  await bars.nth(at).click();
  await soon(() => Object.keys(query(visit))).toEqual(['state', 'createdAfter', 'createdBefore']);
  const { createdAfter = '', createdBefore = '' } = query(visit);
  const within = { state: 'failed', createdAt: { $gte: new Date(createdAfter), $lt: new Date(createdBefore) } };
  expect(await count(within)).toBe(told[at]);
  await visit.sees(matching(told[at] ?? 0));

  await page.goto('/runs?state=failed');
  await bars.first().focus();
  for (let step = 0; step < at; step += 1) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Enter');
  await visit.sees(matching((told[at] ?? 0) + (told[at + 1] ?? 0)));
});

test('failures by cause: counted by the server, opened as a list, run again together', async () => {
  await using visit = await dashboard.visit('/runs?state=failed');
  const { page, dialog } = visit;
  await visit.button('Failures by cause').click();
  const { causes } = (await dashboard.das.call('getRunCauses')).body;
  const cause = (text: string) => page.getByTestId('cause').filter({ hasText: text });
  for (const { cause: text, runs } of causes) await visit.sees(cause(text).getByText(String(runs), { exact: true }));
  const [first] = causes;
  const row = cause(first?.cause ?? '');
  await visit.button(/^Re-run/, row).click();
  await visit.sees(dialog.getByRole('heading', { name: `Re-run ${first?.runs} runs?` }));
  await visit.button('Close', dialog).last().click();
  await visit.button(/^Show/, row).click();
  await soon(() => query(visit)).toEqual({ state: 'failed', failureKind: first?.kind, cause: first?.cause });
  await visit.sees(matching(first?.runs ?? 0));
});
