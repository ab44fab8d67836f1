import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dashboard, soon } from './dashboard.ts';

/** A launch of which something failed. Only spark-submit's executable is replaced. */
let dashboard: Dashboard;
beforeAll(async () => {
  dashboard = await Dashboard.open({ stub: true });
});
afterAll(() => dashboard[Symbol.asyncDispose]());

test('what failed runs again in the same launch with the mended script; the summary as CSV and JSON', async () => {
  const { das } = dashboard;
  const good = await das.putScript('good.py', 'print("fine")\n');
  const bad = await das.putScript('bad.py', 'raise RuntimeError("no")\n');
  const items = [
    { script: good, args: ['region=north', 'two words'] },
    { script: bad, retries: 0 },
  ];
  const launch = (await das.call('createLaunch', { body: { name: 'Nightly', items } })).body;
  for (const { id } of launch.runs) await das.waitFor(id);
  await das.putScript('bad.py', 'print("mended")\n');
  await using visit = await dashboard.visit(`/launches/${launch.id}`);
  const { page, dialog } = visit;

  const summary = page.getByRole('table', { name: 'Execution summary' });
  await visit.sees(summary.getByText("region=north 'two words'", { exact: true }));
  await visit.button('Run failed again').click();
  await visit.sees(visit.button('Failed 1', dialog));
  expect(await visit.button('Latest content', dialog).getAttribute('aria-pressed')).toBe('true');
  await visit.button('Run 1 run again', dialog).click();
  await visit.sees('2 completed');
  await visit.sees('run again since');
  expect(await visit.button('Run failed again').count()).toBe(0);
  expect(await visit.fact('Runs').innerText()).toBe('3');

  const rows = JSON.parse(await saved(page, 'Save as JSON')) as { state: string; output: string; rerunOf: string }[];
  expect(rows.map(({ state }) => state)).toEqual(['completed', 'failed', 'completed']);
  expect(rows.at(-1)).toMatchObject({ output: 'mended\n', rerunOf: launch.runs[1]?.id });
  const csv = await saved(page, 'Save as CSV');
  expect(csv.match(/\r\n01|\r\n\w+,\//g)).toHaveLength(3);
});

test('while a launch runs, its times count what still runs, and say so', async () => {
  const { das } = dashboard;
  const quick = await das.putScript('quick.py', 'print("fine")\n');
  const slow = await das.putScript('slow.py', 'import time\ntime.sleep(600)\n');
  const launch = (await das.call('createLaunch', { body: { items: [{ script: quick }, { script: slow }] } })).body;
  const [first, second] = launch.runs.map(({ id }) => id);
  await das.waitFor(first ?? '');
  await das.waitFor(second ?? '', ({ state }) => state === 'running');
  await using visit = await dashboard.visit(`/launches/${launch.id}`);
  const { page } = visit;
  await visit.sees(visit.fact('Took so far'));
  await soon(() => visit.fact('Slowest so far').innerText()).toMatch(/^slow\.py\s+[2-9] s/);
  await soon(() => visit.fact('Time of all runs so far').innerText()).not.toMatch(/^0/);
  const legend = page.getByTestId('launch-page').locator('[data-count]');
  expect(await legend.evaluateAll((items) => items.map((item) => (item as HTMLElement).dataset['count']))).toEqual([
    'completed',
    'running',
  ]);
  await das.call('cancelRun', { params: { id: second ?? '' } });
  await visit.sees(visit.fact('Took'));
  await visit.sees(visit.fact('Time of all runs'));
});

async function saved(page: Page, button: string): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button }).click(),
  ]);
  return readFile(await download.path(), 'utf8');
}
