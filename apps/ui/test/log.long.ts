import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dashboard, soon } from './dashboard.ts';
import { manyLines } from './log-scripts.ts';
import { inSight } from './log-sight.ts';
import { heapMiB, watchLongTasks } from './page-costs.ts';

/**
 * A log of a million lines, printed by a script and shipped by the worker (the light form is in log.e2e.test.ts): it opens at its
 * end, scrolls without freezing, and neither the page nor its memory grows with it.
 */
const LINES = 1_000_000;
const ALL = LINES + 1;
/** A task of the browser longer than this is a freeze, in ms. */
const FREEZE_MS = 200;
const HEAP_MIB = 60;

let dashboard: Dashboard;
beforeAll(async () => {
  dashboard = await Dashboard.open({ stub: true, env: { LOG_MAX_BYTES: String(512 * 1024 * 1024) } });
  const script = await dashboard.das.putScript('million.py', manyLines(LINES));
  await dashboard.das.runToEnd({ script }, { withinMs: 240_000 });
});
afterAll(() => dashboard[Symbol.asyncDispose]());

const rows = (log: Locator) => log.locator('[data-line]').count();

test('opens at its end; wheel, scroll bar, search and links go anywhere; no freeze, bounded memory', async () => {
  await using visit = await dashboard.visit('/runs');
  const { page } = visit;
  await visit.sees(page.getByRole('status', { name: 'Connection' }).getByText('Live'));
  const before = await heapMiB(page);
  const longTasks = await watchLongTasks(page);
  const began = performance.now();
  await page.getByRole('link', { name: 'million.py' }).first().click();
  const log = page.getByRole('log');
  await soon(() => inSight(log)).toContain(ALL);
  const opened = performance.now() - began;

  await log.hover();
  for (let turn = 0; turn < 300; turn += 1) await page.mouse.wheel(0, turn % 10 === 9 ? 300 : -900);
  await soon(async () => (await inSight(log))[0] ?? ALL).toBeLessThan(ALL - 2000);
  for (let step = 1; step <= 40; step += 1) {
    const share = (step * 0.618) % 1;
    await log.evaluate(
      (element, part) => (element.scrollTop = part * (element.scrollHeight - element.clientHeight)),
      share,
    );
    if (step % 8 === 0)
      await soon(async () => Math.abs(((await inSight(log))[0] ?? 0) / ALL - share)).toBeLessThan(0.001);
    expect(await rows(log)).toBeLessThan(250);
  }
  await log.focus();
  await page.keyboard.press('Home');
  await soon(() => inSight(log)).toContain(1);
  await page.keyboard.press('/');
  await page.keyboard.type('line 770000 holds');
  await soon(() => inSight(log)).toContain(770_001);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(':500000');
  await page.keyboard.press('Enter');
  await soon(() => inSight(log)).toContain(500_000);
  for (let turn = 0; turn < 100; turn += 1) {
    await log.hover();
    await page.mouse.wheel(0, 700);
  }
  await soon(async () => (await inSight(log))[0] ?? 0).toBeGreaterThan(501_000);
  await log.focus();
  await page.keyboard.press('End');
  await soon(() => inSight(log)).toContain(ALL);

  const tasks = await longTasks();
  const grown = (await heapMiB(page)) - before;
  console.log(
    `opened in ${Math.round(opened)} ms; ${tasks.length} tasks over 50 ms, longest ${Math.max(0, ...tasks)} ms; ` +
      `heap grew by ${grown.toFixed(1)} MiB; ${await rows(log)} rows in the page`,
  );
  expect(tasks.filter((duration) => duration > FREEZE_MS)).toEqual([]);
  expect(grown).toBeLessThan(HEAP_MIB);
});

test('of a log that was cut, the rest opens, and says what is missing', async () => {
  await using small = await Dashboard.open({ stub: true, env: { LOG_MAX_BYTES: String(4 * 1024 * 1024) } });
  const script = await small.das.putScript('million.py', manyLines(LINES));
  const run = await small.das.runToEnd({ script }, { withinMs: 240_000 });
  await using visit = await small.visit(`/runs/${run.id}#L500000`);
  const { page } = visit;
  await visit.sees(page.getByTestId('log-gap').getByText(/were dropped here, before line/));
  const log = page.getByRole('log');
  const seen = await inSight(log);
  expect(seen.some((line, index) => line - (seen[index - 1] ?? line) > 900_000)).toBe(true);
  await log.focus();
  await page.keyboard.press('End');
  await soon(() => inSight(log)).toContain(ALL);
  // The scroll bar has no room for what is not there.
  await log.evaluate((element) => (element.scrollTop = element.scrollHeight / 2));
  await soon(async () => (await inSight(log))[0] ?? 0).toBeGreaterThan(900_000);
});
