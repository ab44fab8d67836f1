import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dashboard, soon } from './dashboard.ts';
import type { Visit } from './dashboard.ts';

/** What people come for, counted in clicks as the browser counts them: docs/three-tasks.md sets them beside other tools. */
let dashboard: Dashboard;
beforeAll(async () => {
  dashboard = await Dashboard.open({ stub: true });
  await dashboard.das.putScript('greet.py', 'import sys\nprint("hello", *sys.argv[1:])\n');
  await dashboard.das.putScript('hungry.py', 'raise MemoryError("java heap")\n');
  await dashboard.das.putScript('long.py', 'import time\ntime.sleep(600)\n');
  await dashboard.scan();
});
afterAll(() => dashboard[Symbol.asyncDispose]());

/** A page that counts the clicks of its user, wherever they go. */
async function counting(path: string): Promise<{ visit: Visit; clicks: () => Promise<number> }> {
  const visit = await dashboard.visit(path);
  await visit.page.evaluate(() => {
    const counted = globalThis as unknown as { clicks: number };
    counted.clicks = 0;
    addEventListener('click', (event) => void (event.isTrusted && event.detail > 0 && (counted.clicks += 1)), true);
  });
  const clicks = () => visit.page.evaluate(() => (globalThis as unknown as { clicks: number }).clicks);
  return { visit, clicks };
}

test('run a script with an argument and find its output: 2 clicks', async () => {
  const { visit, clicks } = await counting('/');
  await using _ = visit;
  const { page, dialog } = visit;
  await page.getByTestId('script').filter({ hasText: 'greet.py' }).hover();
  await visit.button('Run greet.py').click();
  await soon(() => page.evaluate(() => document.activeElement?.ariaLabel)).toBe('Arguments of greet.py');
  await page.keyboard.type('world');
  await visit.button('Run it', dialog).click();
  await visit.sees(page.getByRole('log').getByText('hello world'));
  expect([await clicks(), visit.loads]).toEqual([2, 1]);
});

test('find why a run failed and run it again with more memory: 5 clicks', async () => {
  const failed = await dashboard.das.runToEnd({ script: `${dashboard.das.scriptsDir}/hungry.py` });
  const { visit, clicks } = await counting('/');
  await using _ = visit;
  const { page, dialog } = visit;
  await page.getByRole('navigation').getByRole('link', { name: 'Runs' }).click();
  await visit.button(/^Failed, 1 run$/).click();
  await page.getByTestId('run').getByRole('link', { name: 'hungry.py' }).click();
  await visit.sees(page.getByTestId('failure').getByText('MemoryError: java heap').first());
  await visit.button('Run again with 2× memory').click();
  await visit.button('Re-run', dialog).click();
  await page.waitForURL((url) => /^\/runs\/\w+$/.test(url.pathname) && !url.pathname.endsWith(failed.id));
  const again = await dashboard.das.run(page.url().split('/').at(-1) ?? '');
  expect(again.rerunOf).toBe(failed.id);
  expect(again.conf).toHaveProperty(['spark.driver.memory']);
  expect([await clicks(), visit.loads]).toEqual([5, 1]);
});

test('cancel everything of one launch: 4 clicks', async () => {
  const items = Array.from({ length: 3 }, () => ({ script: `${dashboard.das.scriptsDir}/long.py` }));
  const launch = (await dashboard.das.call('createLaunch', { body: { name: 'Nightly', items } })).body;
  const { visit, clicks } = await counting('/');
  await using _ = visit;
  const { page, dialog } = visit;
  await page.getByRole('navigation').getByRole('link', { name: 'Launches' }).click();
  await page.getByTestId('launch').getByRole('link', { name: 'Nightly' }).click();
  await visit.button('Cancel all').click();
  await visit.button(/^Cancel 3\b/, dialog).click();
  await visit.sees('3 cancelled');
  for (const { id } of launch.runs) expect((await dashboard.das.run(id)).state).toBe('cancelled');
  expect([await clicks(), visit.loads]).toEqual([4, 1]);
});
