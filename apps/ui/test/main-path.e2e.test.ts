import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dashboard, soon } from './dashboard.ts';
import type { Visit } from './dashboard.ts';

/** What a newcomer does, with a real spark-submit. */
let dashboard: Dashboard;
beforeAll(async () => {
  dashboard = await Dashboard.open();
  await dashboard.scan();
  for (const name of ['pi.py', 'json_result.py', 'flaky_fails_twice.py', 'echo_arguments.py'])
    await dashboard.das.putScript(name, await readFile(example(name)));
});
afterAll(() => dashboard[Symbol.asyncDispose]());

const example = (name: string) => fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url));
/** A Spark session on a busy machine. */
const SPARK_MS = 150_000;

test(
  'scan, preview, launch of three with retries, live states, summary, log, re-run',
  { timeout: 2 * SPARK_MS },
  async () => {
    await using visit = await dashboard.visit('/');
    const { page } = visit;
    await scanAndPreview(visit);
    await launchThree(visit);
    const url = page.url();
    const summary = page.getByRole('table', { name: 'Execution summary' });
    const row = (name: string) => summary.getByRole('row').filter({ hasText: name });

    const flaky = row('flaky_fails_twice.py');
    for (const word of ['Running', 'Retrying', 'Running', 'Completed'])
      await visit.sees(visit.state(word, flaky), SPARK_MS);
    for (const name of ['pi.py', 'json_result.py']) await visit.sees(visit.state('Completed', row(name)), SPARK_MS);
    await visit.sees(visit.state('Completed', page.getByRole('main').locator('header')));
    expect([page.url(), visit.loads], 'nothing was reloaded').toEqual([url, 1]);

    await readsSummary(visit);
    await flaky.getByRole('link', { name: 'flaky_fails_twice.py' }).click();
    await readsRetriedRun(visit);
    await rerunsWithOtherArguments(visit);
    expect(visit.loads, 'nothing was reloaded').toBe(1);
  },
);

async function scanAndPreview(visit: Visit): Promise<void> {
  const { page } = visit;
  await visit.sees('No scripts yet');
  await visit.button('Scan now').first().click();
  await visit.sees('4 found');
  await visit.sees('4 added');
  await visit.button(/^pi\.py/).click();
  const code = page.getByRole('textbox', { name: /^Content of .*\/pi\.py$/ });
  await visit.sees(code);
  expect(await code.innerText()).toContain('SparkSession.builder.appName("pi")');
  await visit.sees('sha256');
  await visit.sees('Never run');
}

async function launchThree(visit: Visit): Promise<void> {
  const { page, dialog } = visit;
  for (const name of ['pi.py', 'json_result.py', 'flaky_fails_twice.py'])
    await page.getByRole('checkbox', { name: `Select ${name}` }).check();
  await visit.button('Launch 3').click();
  await visit.sees(dialog.getByRole('heading', { name: 'Launch 3 scripts' }));
  await dialog.getByLabel('Name (optional)').fill('Nightly');
  await dialog.getByLabel('Arguments of pi.py').fill('40000');
  await dialog.getByLabel('Arguments of json_result.py').fill("'city=São Paulo' day=today");
  await dialog.getByLabel('Retries').and(page.getByRole('textbox')).fill('2');
  await dialog.getByLabel('Backoff').selectOption('fixed');
  await dialog.getByLabel('Delay', { exact: true }).fill('1500ms');
  await dialog.getByLabel('Jitter').fill('0');
  await visit.button('Launch 3', dialog).click();
  await page.waitForURL(/\/launches\/\w+$/);
  await visit.sees(page.getByRole('heading', { name: 'Nightly', level: 1 }));
}

async function readsSummary(visit: Visit): Promise<void> {
  const { page } = visit;
  const summary = page.getByRole('table', { name: 'Execution summary' });
  /** Script, attempts, time taken, exit code, result. */
  const cells = async (name: string) =>
    (await summary.getByRole('row').filter({ hasText: name }).getByRole('cell').allInnerTexts()).slice(2);
  const took = expect.stringMatching(/^(\d+(\.\d)? s|\d+ m \d\d s)$/);
  const pi = expect.stringMatching(/^Pi is roughly 3\.1\d \(from 40000 points\)$/);
  expect(await cells('flaky_')).toEqual(['flaky_fails_twice.py', '3', took, '0', 'the source answers again']);
  expect(await cells('pi.py')).toEqual([expect.stringMatching(/^pi\.py\s+40000$/), '1', took, '0', pi]);
  const value = expect.stringContaining('"arguments":{"city":"São Paulo","day":"today"}');
  const withArguments = expect.stringMatching(/^json_result\.py\s+'city=São Paulo' day=today$/);
  expect(await cells('json_result')).toEqual([withArguments, '1', took, '0', value]);
  expect(await visit.fact('Runs').innerText()).toBe('3');
  expect(await visit.fact('Attempts').innerText()).toBe('5');
  await visit.sees('3 completed');

  await visit.button('Output of pi.py').click();
  await visit.sees(page.getByText(/^Pi is roughly 3\.1\d/).nth(1));
}

async function readsRetriedRun(visit: Visit): Promise<void> {
  const { page } = visit;
  await visit.sees(page.getByRole('heading', { name: 'flaky_fails_twice.py', level: 1 }));
  await visit.sees(visit.fact('Attempt').getByText('3 were made'));
  await visit.sees(visit.fact('Failures').getByText('2'));
  await visit.sees(visit.fact('Exit code').getByText('0'));
  await visit.sees(page.getByRole('log', { name: 'Log of attempt 3' }).getByText('the source answers again'));
  await visit.button(/^Show the log of attempt 1:/).click();
  const first = page.getByRole('log', { name: 'Log of attempt 1' });
  await visit.sees(first.getByText('ConnectionError: the source did not answer (attempt 1 of 2 that fail)'));
  const history = page.getByRole('region', { name: 'History' }).getByRole('listitem');
  const words = ['Queued', 'Running', 'Retrying', 'Running', 'Retrying', 'Running', 'Completed'];
  await soon(async () => (await history.allInnerTexts()).map((text) => /[A-Z][a-z]+/.exec(text)?.[0])).toEqual(words);
}

async function rerunsWithOtherArguments(visit: Visit): Promise<void> {
  const { page, dialog } = visit;
  const before = page.url();
  await visit.button('Re-run').click();
  // It begins with what the run had.
  await soon(() => dialog.getByLabel('Retries').and(page.getByRole('textbox')).inputValue()).toBe('2');
  expect(await dialog.getByLabel('Delay', { exact: true }).inputValue()).toBe('1500ms');
  await dialog.getByLabel('Arguments').and(page.getByRole('textbox')).fill('0');
  await visit.button('Re-run', dialog).click();
  await page.waitForURL((url) => url.href !== before);
  await visit.sees(visit.state('Completed', page.getByRole('main').locator('header')), SPARK_MS);
  expect(await visit.fact('Attempt').count(), 'one attempt was enough: nothing to tell').toBe(0);
  await visit.sees(page.getByRole('log', { name: 'Log of attempt 1' }).getByText('the source answers again'));
  expect(await visit.fact('Re-run of').getByRole('link').getAttribute('href')).toBe(new URL(before).pathname);
}
