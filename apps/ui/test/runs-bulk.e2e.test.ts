import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dashboard, soon } from './dashboard.ts';

/** Many runs at once. Only spark-submit's executable is replaced. */
let dashboard: Dashboard;
beforeAll(async () => {
  dashboard = await Dashboard.open({ stub: true });
  await dashboard.das.putScript('fails.py', 'raise RuntimeError("no")\n');
  await dashboard.das.putScript('waits.py', 'import time\ntime.sleep(600)\n');
  await dashboard.scan();
});
afterAll(() => dashboard[Symbol.asyncDispose]());

test('counts by state, live; bulk re-run of chosen runs and cancel of all that match, each with its number', async () => {
  const { das } = dashboard;
  const failed = await Promise.all(
    [1, 2].map(() => das.runToEnd({ script: `${das.scriptsDir}/fails.py`, retries: 0 })),
  );
  await using visit = await dashboard.visit('/runs');
  const { page, dialog } = visit;
  const chip = (text: string | RegExp) =>
    page.getByRole('group', { name: 'State' }).getByRole('button').filter({ hasText: text });
  const many = page.getByRole('group', { name: 'Many runs' });
  await visit.sees(chip(/Failed\s*2/));
  const labels = { wave: 'one' };
  const waiting = await Promise.all([1, 2, 3].map(() => das.submit({ script: `${das.scriptsDir}/waits.py`, labels })));
  await soon(async () => {
    const words = await chip(/./).allInnerTexts();
    const number = (word: string) => Number(words.find((text) => text.startsWith(word))?.match(/\d+/)?.[0] ?? 0);
    return number('Queued') + number('Running');
  }).toBe(3);

  await chip('Failed').click();
  await visit.sees(many.getByText('2 runs match'));
  expect(await visit.button('Cancel 0', many).isDisabled()).toBe(true);
  await page.getByRole('checkbox', { name: `Choose ${failed[0]?.id ?? ''}` }).check();
  await visit.sees(many.getByText('1 run chosen'));
  await visit.button('Re-run 1', many).click();
  await visit.sees(dialog.getByRole('heading', { name: 'Re-run 1 run?' }));
  await visit.button('Re-run 1 run', dialog).click();
  await visit.seesNoMore(dialog);
  await visit.sees(chip(/Failed\s*3/));

  // A stretch with Shift, and all that is loaded.
  const choose = (index: number) => page.getByRole('checkbox', { name: /^Choose 0/ }).nth(index);
  await choose(0).click();
  await choose(2).click({ modifiers: ['Shift'] });
  await visit.sees(many.getByText('3 runs chosen'));
  await choose(1).click();
  const every = page.getByRole('checkbox', { name: 'Choose all 3 that are loaded' });
  expect(await every.evaluate((box: HTMLInputElement) => box.indeterminate)).toBe(true);
  await every.click();
  await visit.sees(many.getByText('3 runs chosen'));
  await every.click();
  await visit.sees(many.getByText('3 runs match'));

  await page.goto('/runs?label=wave:one');
  await visit.button('Cancel 3', many).click();
  await visit.sees(dialog.getByRole('heading', { name: 'Cancel 3 runs?' }));
  await visit.button('Cancel 3 runs', dialog).click();
  await visit.sees(chip(/Cancelled\s*3/));
  expect((await Promise.all(waiting.map(({ id }) => das.run(id)))).map(({ state }) => state)).toEqual(Array(3).fill('cancelled')); // prettier-ignore
  expect(await das.run(failed[0]?.id ?? '')).toMatchObject({ state: 'failed' });
});
