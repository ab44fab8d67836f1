import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dashboard, soon } from './dashboard.ts';
import type { Visit } from './dashboard.ts';

/** The main path without a mouse: from a fresh page to the log of a run that one launched with an argument. */
let dashboard: Dashboard;
beforeAll(async () => {
  dashboard = await Dashboard.open({ stub: true });
  await dashboard.das.putScript('reports/greet.py', 'import sys, time\nprint("hello", *sys.argv[1:])\ntime.sleep(1)\n');
  await dashboard.das.putScript('reports/other.py', 'print("other")\n');
  await dashboard.scan();
});
afterAll(() => dashboard[Symbol.asyncDispose]());

/** Tab (or Shift+Tab) until what has the focus is named so; fails after `steps`. */
async function tabTo({ page }: Visit, name: RegExp, { key = 'Tab', steps = 60 } = {}): Promise<void> {
  const passed: string[] = [];
  for (let step = 0; step < steps; step++) {
    await page.keyboard.press(key);
    const focused = await page.evaluate(() => {
      const element = document.activeElement as HTMLInputElement | null;
      const label = element?.labels?.[0]?.textContent ?? '';
      return (element?.ariaLabel ?? (label || (element?.textContent ?? ''))).trim();
    });
    if (name.test(focused)) return;
    passed.push(focused.slice(0, 30));
  }
  throw new Error(`${name} is not reached by ${key}; passed: ${passed.join(' | ')}`);
}

test('skip link, search, preview, select, launch with an argument, watch it to its end, open its log', async () => {
  await using visit = await dashboard.visit('/');
  const { page, dialog } = visit;
  const { keyboard } = page;
  await visit.sees(visit.button(/^greet\.py/));
  await visit.sees(page.getByRole('status', { name: 'Connection' }).getByText('Live'));

  // The first Tab offers to skip what every page begins with.
  await keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Skip to the page' });
  expect(await skip.evaluate((link) => link === document.activeElement)).toBe(true);
  await keyboard.press('Enter');
  await soon(() => page.evaluate(() => document.activeElement?.id)).toBe('main');

  // Find, preview, select.
  await keyboard.press('/');
  await keyboard.type('greet');
  await soon(() => page.getByTestId('script').count()).toBe(1);
  await keyboard.press('Escape');
  await keyboard.press('Escape');
  // Past the row of its directory.
  await keyboard.press('j');
  await keyboard.press('j');
  await keyboard.press('Enter');
  await visit.sees(page.getByRole('textbox', { name: /^Content of .*greet\.py$/ }));
  await keyboard.press('x');
  await visit.sees(page.getByTestId('selected').getByText('1 selected'));

  // Launch it with an argument.
  await tabTo(visit, /^Launch 1$/);
  await keyboard.press('Enter');
  await visit.sees(dialog.getByRole('heading', { name: 'Run greet.py' }));
  await tabTo(visit, /^Arguments of greet\.py/);
  await keyboard.type("'dear world'");
  await tabTo(visit, /^(Run|Launch)\b(?!.*greet)/);
  await keyboard.press('Enter');

  // It is watched to its end, and its log is reached.
  await page.waitForURL(/\/(runs|launches)\/\w+$/);
  await visit.sees(visit.state('Completed', page.getByRole('main').locator('header')));
  await visit.sees(page.getByRole('log').getByText('hello dear world'));
  await tabTo(visit, /^Log of attempt 1/, { steps: 120 });
  expect(visit.loads).toBe(1);
});
