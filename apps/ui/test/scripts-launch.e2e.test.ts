import { eventually } from '@das/testkit/eventually';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dashboard, soon } from './dashboard.ts';
import type { Visit } from './dashboard.ts';

/** From a script to its run: what is saved for it, what would start, what changed of it; with few clicks, or none. */
let dashboard: Dashboard;
let echo: string;
beforeAll(async () => {
  dashboard = await Dashboard.open({ stub: true });
  echo = await dashboard.das.putScript('echo.py', 'import sys\nprint("args:", *sys.argv[1:])\n');
  await dashboard.das.putScript('other.py', 'print("other")\n');
  await dashboard.scan();
});
afterAll(() => dashboard[Symbol.asyncDispose]());

const open = async (path = `/scripts?path=${echo}`): Promise<Visit> => {
  const visit = await dashboard.visit(path);
  await visit.sees(visit.page.getByRole('status', { name: 'Connection' }).getByText('Live'));
  return visit;
};
const plan = ({ dialog }: Visit) => dialog.getByRole('region', { name: 'What will start' });
/** `Retries`: the value, and where it comes from. */
const planned = async (visit: Visit, setting: string) =>
  (
    await plan(visit)
      .getByRole('row')
      .filter({ has: visit.page.getByRole('rowheader', { name: setting, exact: true }) })
      .getByRole('cell')
      .allInnerTexts()
  ).map((text) => text.trim());

test('one script with an argument: two clicks from the page to its output, or none', async () => {
  await using visit = await open('/scripts');
  const { page, dialog } = visit;
  await page.getByTestId('script').filter({ hasText: 'echo.py' }).hover();
  await visit.button('Run echo.py').click(); // 1
  await visit.sees(dialog.getByRole('heading', { name: 'Run echo.py' }));
  await soon(() => page.evaluate(() => document.activeElement?.ariaLabel)).toBe('Arguments of echo.py');
  await page.keyboard.type('one "two words"');
  await visit.button('Run it', dialog).click(); // 2
  await visit.sees(page.getByRole('log').getByText('args: one two words'));

  // By keyboard alone, the focus going back where it came from.
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await visit.sees(page.getByTestId('script').first());
  await page.keyboard.press('/');
  await page.keyboard.type('echo');
  await page.keyboard.press('ArrowDown');
  const name = () => page.evaluate(() => document.activeElement?.textContent.trim().split(/\s/)[0]);
  await soon(name).toBe('echo.py');
  await page.keyboard.press('Control+Enter');
  await soon(() => page.evaluate(() => document.activeElement?.ariaLabel)).toBe('Arguments of echo.py');
  await page.keyboard.press('Escape');
  await visit.seesNoMore(dialog);
  await soon(name).toBe('echo.py');
  await page.keyboard.press('Control+Enter');
  await soon(() => page.evaluate(() => document.activeElement?.ariaLabel)).toBe('Arguments of echo.py');
  await page.keyboard.type('typed');
  await page.keyboard.press('Control+Enter');
  await visit.sees(page.getByRole('log').getByText('args: typed'));
  expect(visit.loads).toBe(1);
});

test('saved settings: kept, told in the dry run with their sources, and the command to copy', async () => {
  await using visit = await open();
  const { page, dialog } = visit;
  await visit.button('Settings').click();
  await visit.sees('Nothing is saved yet');
  await dialog.getByLabel('Description').fill('Says what it was told');
  await dialog.getByLabel('Owner').fill('ann');
  await dialog.getByLabel('Arguments', { exact: true }).fill("saved 'two words'");
  await dialog.getByLabel('Retries').and(page.getByRole('textbox')).fill('2');
  await visit.button('Add a Spark setting', dialog).click();
  // Whoever asks for a row types into it.
  await soon(() => page.evaluate(() => document.activeElement?.ariaLabel)).toMatch(/^Spark settings: .*1$/);
  await dialog.getByLabel('Spark settings: Key 1').fill('spark.driver.memory');
  await dialog.getByLabel('Spark settings: value 1').fill('lots');
  await visit.button('Save', dialog).click();
  await visit.sees(dialog.getByRole('group', { name: 'Spark settings' }).getByRole('alert'));
  await dialog.getByLabel('Spark settings: value 1').fill('600m');
  await visit.button('Save', dialog).click();
  await visit.seesNoMore(dialog);
  expect((await dashboard.das.call('getScriptSettings', { query: { path: echo } })).body).toMatchObject({
    description: 'Says what it was told',
    owner: 'ann',
    args: ['saved', 'two words'],
    conf: { 'spark.driver.memory': '600m' },
    retries: { max: 2 },
  });

  // The script's page tells them.
  await visit.sees(page.getByTestId('description').getByText('Says what it was told'));
  await visit.sees(page.getByText('Owner ann'));
  await visit.sees('Own settings: arguments, retries, Spark settings');

  await visit.button('Launch').click();
  await soon(() => planned(visit, 'Spark')).toEqual(['spark.driver.memory=600m', "script's settings"]);
  expect(await planned(visit, 'Priority')).toEqual(['4', 'default']);
  const retries = dialog.getByLabel('Retries').and(page.getByRole('textbox'));
  expect(await retries.getAttribute('placeholder')).toBe("2 (script's settings)");
  expect(await planned(visit, 'Retries')).toEqual([expect.stringMatching(/^2, /), "script's settings"]);
  await visit.sees(plan(visit).getByText('as you saw it'));
  await dialog.getByLabel('Priority').selectOption('2');
  await dialog.getByLabel('Arguments of echo.py').fill(`'$HOME "x"' it\\'s`);
  await soon(() => planned(visit, 'Priority')).toEqual(['2', 'this run']);
  await soon(async () => (await planned(visit, 'Arguments'))[1]).toBe('this run');
  const command = await plan(visit).getByLabel('The spark-submit command').innerText();
  expect(command).toContain('--conf spark.driver.memory=600m');
  expect(command).toMatch(/hdfs:\/\/\/\S+\/echo\.py '\$HOME "x"' 'it'\\''s'$/);
  // What the server would refuse is told at its place, before anything is started.
  await visit.button('Add a Spark setting', dialog).click();
  await dialog.getByLabel('Spark settings: Key 1').fill('spark.plugins');
  await dialog.getByLabel('Spark settings: value 1').fill('x');
  await visit.sees(dialog.getByRole('group', { name: 'Spark settings' }).getByRole('alert'));
  await visit.sees('Cannot start as it is');
  await visit.button('Remove spark.plugins', dialog).click();
  await visit.sees(plan(visit).getByText('1 run', { exact: true }));
  await page.keyboard.press('Control+Enter');
  await visit.sees(page.getByRole('log').getByText(`args: $HOME "x" it's`));
});

test('what was typed is not lost to Escape or to a click beside the dialog; an untouched dialog just closes', async () => {
  await using visit = await open();
  const { page, dialog } = visit;
  const focused = () =>
    page.evaluate(() => document.activeElement?.ariaLabel ?? document.activeElement?.textContent.trim());
  await visit.button('Launch').click();
  await visit.sees(dialog);
  await page.keyboard.press('Escape');
  await visit.seesNoMore(dialog);

  await visit.button('Launch').click();
  await visit.sees(dialog);
  const args = dialog.getByLabel('Arguments of echo.py');
  await args.fill('long and dear');
  await page.mouse.click(5, 5);
  await page.keyboard.press('Escape');
  const question = page.getByRole('alertdialog', { name: 'Discard what you typed?' });
  await visit.sees(question);
  await soon(focused).toBe('Keep editing');
  await page.keyboard.press('Enter');
  await visit.seesNoMore(question);
  await soon(focused).toBe('Arguments of echo.py');
  expect(await args.inputValue()).toBe('long and dear');
  await visit.button('Close', dialog).last().click();
  await visit.button('Discard', question).click();
  await visit.seesNoMore(dialog);

  await visit.button('Settings').click();
  await dialog.getByLabel('Owner').fill('bob');
  await page.mouse.click(5, 5);
  await page.keyboard.press('Escape');
  await visit.sees(question);
  await page.keyboard.press('Escape');
  await visit.seesNoMore(question);
  expect(await dialog.getByLabel('Owner').inputValue()).toBe('bob');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await soon(focused).toBe('Discard');
  await page.keyboard.press('Enter');
  await visit.seesNoMore(dialog);
});

test('a launch that cannot start says why, and leads there', async () => {
  await using visit = await open();
  const { page, dialog } = visit;
  await visit.button('Launch').click();
  const timeout = dialog.getByLabel('Timeout per attempt');
  await timeout.fill('rubbish');
  expect(await visit.button('Run it', dialog).isDisabled()).toBe(true);
  await dialog.getByLabel('Arguments of echo.py').focus();
  await visit.button('1 field to mend', dialog).click();
  await soon(() => timeout.evaluate((input) => input === document.activeElement)).toBe(true);
  await timeout.fill('');
  await visit.seesNoMore(visit.button('1 field to mend', dialog));

  // What only the server knows is no different.
  await visit.button('Add a Spark setting', dialog).click();
  const key = dialog.getByLabel('Spark settings: Key 1');
  await key.fill('spark.plugins');
  await dialog.getByLabel('Spark settings: value 1').fill('x');
  await visit.sees(plan(visit).getByText('Cannot start as it is'));
  expect(await visit.button('Run it', dialog).isDisabled()).toBe(true);
  await visit.button('1 field to mend', dialog).click();
  await soon(() => key.evaluate((input) => input === document.activeElement)).toBe(true);
  await page.keyboard.press('ControlOrMeta+Enter');
  expect(await page.getByTestId('submit-error').count()).toBe(0);
  await visit.button('Remove spark.plugins', dialog).click();
  await soon(() => visit.button('Run it', dialog).isEnabled()).toBe(true);
});

test('settings saved in two tabs: the second is told what changed and by whom, and merges', async () => {
  const other = `${dashboard.das.scriptsDir}/other.py`;
  await dashboard.das.call('putScriptSettings', { query: { path: other }, body: { retries: 1 } });
  await using first = await open(`/scripts?path=${other}`);
  await using second = await open(`/scripts?path=${other}`);
  for (const visit of [first, second]) {
    await visit.button('Settings').click();
    await visit.sees(visit.page.getByTestId('saved-by'));
  }
  await first.dialog.getByLabel('Owner').fill('ann');
  await first.dialog.getByLabel('Description').fill('of the first');
  await first.button('Save', first.dialog).click();
  await first.seesNoMore(first.dialog);

  await second.dialog.getByLabel('Description').fill('of the second');
  await second.dialog.getByLabel('Timeout per attempt').fill('5m');
  await second.button('Save', second.dialog).click();
  const conflict = second.page.getByTestId('settings-conflict');
  await second.sees(conflict.getByText(/^anonymous has saved these settings meanwhile/));
  const rows = conflict.getByRole('table', { name: 'What differs' }).getByRole('row');
  expect((await rows.allInnerTexts()).slice(1).map((text) => text.split('\t').map((cell) => cell.trim()))).toEqual([
    ['description\nboth changed it', '–', 'of the first', 'of the second'],
    ['owner', '–', 'ann', '–'],
  ]);
  await second.button(/^Merge/, conflict).click();
  await second.sees(second.page.getByTestId('saved-by').getByText(/^Saved by anonymous/));
  expect(await second.dialog.getByLabel('Owner').inputValue()).toBe('ann');
  await second.button('Save', second.dialog).click();
  await second.seesNoMore(second.dialog);
  expect((await dashboard.das.call('getScriptSettings', { query: { path: other } })).body).toMatchObject({
    retries: { max: 1 },
    description: 'of the second',
    owner: 'ann',
    timeoutMs: 300_000,
  });
});

test('versions: what changed since the last one that went well', async () => {
  const { das } = dashboard;
  const path = await das.putScript('changes.py', 'import sys\nprint("good")\n');
  const shown = async (text: string) =>
    eventually(
      `${path} holds ${text}`,
      async () => (await das.call('getScriptContent', { query: { path } })).body.content,
      (content) => content === text,
    );
  await shown('import sys\nprint("good")\n');
  await das.runToEnd({ script: path });
  await das.putScript('changes.py', 'import sys\nprint("bad")\nsys.exit(3)\n');
  await shown('import sys\nprint("bad")\nsys.exit(3)\n');
  await das.runToEnd({ script: path });
  await using visit = await open(`/scripts?path=${path}`);
  const { page } = visit;
  await visit.button('Versions').click();
  const versions = page.getByRole('list', { name: 'Versions' }).getByRole('listitem');
  await soon(() => versions.count()).toBe(2);
  expect(await versions.first().innerText()).toMatch(/Failed\s+shown now/);
  expect(await versions.nth(1).innerText()).toMatch(/Completed\s+compared/);
  const diff = page.getByTestId('diff');
  await visit.sees(diff.getByText(/^− Last successful/));
  await visit.sees(diff.getByText('print("good")'));
  await visit.sees(diff.getByText('print("bad")'));
  await visit.button('Content').click();
  await visit.button('Wrap long lines').click();
  expect(await visit.button('Wrap long lines').getAttribute('aria-pressed')).toBe('true');
  await visit.sees(page.getByRole('textbox', { name: /changes\.py$/ }).getByText('print("bad")'));
});

test('several scripts: the list of what will start, each with its own', async () => {
  await using visit = await open('/scripts');
  const { page, dialog } = visit;
  for (const name of ['echo.py', 'other.py']) await page.getByRole('checkbox', { name: `Select ${name}` }).check();
  await visit.button('Launch 2').click();
  await visit.sees(plan(visit).getByText('2 runs'));
  await dialog.getByLabel('Priority').selectOption('1');
  const items = plan(visit).getByRole('listitem');
  await items.nth(1).locator('summary').click();
  const priority = items.nth(1).getByRole('row').filter({ hasText: 'Priority' }).getByRole('cell');
  await soon(async () => (await priority.allInnerTexts()).map((text) => text.trim())).toEqual(['1', 'this launch']);
  await visit.button('Launch 2', dialog).click();
  await page.waitForURL(/\/launches\/\w+$/);
});
