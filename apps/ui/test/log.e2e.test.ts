import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Dashboard, PHONE, soon } from './dashboard.ts';
import type { Visit } from './dashboard.ts';
import { HOSTILE, manyLines } from './log-scripts.ts';
import { inSight } from './log-sight.ts';

/** The log of a run, as somebody reads it. */
let dashboard: Dashboard;
let long: string;
let hostile: string;
const LINES = 50_000;
/** Spark-submit's own first line comes before those of the script. */
const ALL = LINES + 1;

beforeAll(async () => {
  dashboard = await Dashboard.open({ stub: true });
  const { das } = dashboard;
  const scripts = await Promise.all([das.putScript('long.py', manyLines(LINES)), das.putScript('hostile.py', HOSTILE)]);
  [long = '', hostile = ''] = (await Promise.all(scripts.map((script) => das.runToEnd({ script })))).map(
    ({ id }) => id,
  );
});
afterAll(() => dashboard[Symbol.asyncDispose]());

const logOf = ({ page }: Visit, attempt = 1) => page.getByRole('log', { name: `Log of attempt ${attempt}` });
/** Numbers of the lines that are in the page. */
const drawn = (log: Locator) =>
  log.locator('[data-line]').evaluateAll((rows) => rows.map((row) => Number((row as HTMLElement).dataset['line'])));
const sees = (log: Locator, line: number) => soon(() => inSight(log)).toContain(line);
const scrollTo = (log: Locator, share: number) =>
  log.evaluate((element, part) => (element.scrollTop = part * element.scrollHeight), share);

describe('a long log', () => {
  test('opens at its end; any part is loaded when one goes there; what is held stays small', async () => {
    await using visit = await dashboard.visit(`/runs/${long}`);
    const log = logOf(visit);
    await sees(log, ALL);
    await visit.sees(visit.page.getByTestId('log-size').getByText('50,001 lines'));
    for (const [share, line] of [
      [0.5, ALL / 2],
      [0.02, ALL / 50],
      [0.9, ALL * 0.9],
    ] as const) {
      await scrollTo(log, share);
      await soon(async () => Math.abs(((await inSight(log))[0] ?? 0) - line)).toBeLessThan(60);
    }
    await log.focus();
    await visit.page.keyboard.press('Home');
    await sees(log, 1);
    expect(await log.locator('[data-line="1"]').innerText()).toContain('stub spark-submit');
    await visit.page.keyboard.press('End');
    await sees(log, ALL);
    expect((await drawn(log)).length).toBeLessThan(200);
  });

  test('from its middle to its end at once, without what lies between', async () => {
    await using visit = await dashboard.visit(`/runs/${long}#L25000`);
    const { page } = visit;
    const log = logOf(visit);
    await sees(log, 25_000);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await log.focus();
    await page.keyboard.press('End');
    await sees(log, ALL);
    await page.waitForLoadState('networkidle');
    expect(asked.filter((address) => /\/lines\?/.test(address))).toEqual([expect.stringMatching(/\?tail=500$/)]);
  });

  test('turning the wheel from the end reads every line in order', async () => {
    await using visit = await dashboard.visit(`/runs/${long}`);
    const log = logOf(visit);
    await sees(log, ALL);
    await log.hover();
    let lowest = ALL;
    for (let turn = 0; turn < 60; turn += 1) {
      await visit.page.mouse.wheel(0, -400);
      await visit.page.waitForTimeout(20);
      const seen = await inSight(log);
      if (seen.length === 0) continue;
      expect(seen).toEqual(seen.map((_, index) => (seen[0] ?? 0) + index));
      lowest = Math.min(lowest, seen[0] ?? ALL);
    }
    expect(lowest).toBeLessThan(ALL - 600);
  });

  test('search finds on the server, counts, and goes round', async () => {
    await using visit = await dashboard.visit(`/runs/${long}`);
    const { page } = visit;
    const log = logOf(visit);
    await sees(log, ALL);
    await log.focus();
    await page.keyboard.press('Control+f');
    await page.keyboard.type('needle <b>');
    const matches = page.getByTestId('log-matches');
    // The first one after where one is; then it goes round.
    await soon(() => matches.innerText()).toMatch(/^5 of 5/);
    for (const line of [10_001, 20_001]) {
      await page.keyboard.press('Enter');
      await sees(log, line);
    }
    expect(await log.locator('[data-line="20001"] mark').innerText()).toBe('needle <b>');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.press('Shift+Enter');
    await soon(() => matches.innerText()).toMatch(/^5 of 5/);
    await sees(log, 50_001);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('no such thing');
    await soon(() => matches.innerText()).toBe('No line has it');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type(':12345');
    await page.keyboard.press('Enter');
    await sees(log, 12_345);
    await page.keyboard.press('Escape');
    expect(await page.getByRole('searchbox', { name: 'Search this log' }).inputValue()).toBe('');
  });

  test('only what one wants: a stream, or errors; with the numbers of the whole log', async () => {
    await using visit = await dashboard.visit(`/runs/${long}`);
    const log = logOf(visit);
    await sees(log, ALL);
    await visit.button('Errors').click();
    await sees(log, 49_001);
    await soon(async () => (await inSight(log)).every((line) => line % 1000 === 1)).toBe(true);
    expect(await log.locator('[data-line="49001"]').innerText()).toMatch(/ERROR Executor: line 49000/);
    await visit.button('stderr').click();
    await soon(() => drawn(log)).toEqual([1]);
    await visit.button('All', visit.page.getByRole('group', { name: 'Lines of' })).click();
    await sees(log, ALL);
  });

  test('a line has an address, and a range', async () => {
    await using visit = await dashboard.visit(`/runs/${long}?attempt=1#L23456`);
    const { page } = visit;
    const log = logOf(visit);
    await sees(log, 23_456);
    const marked = page.getByRole('group', { name: 'Marked lines' });
    await visit.sees(marked.getByText('Line 23,456'));
    await log
      .locator('[data-line="23460"]')
      .getByRole('link')
      .click({ modifiers: ['Shift'] });
    await visit.sees(marked.getByText('Lines 23,456–23,460'));
    expect(new URL(page.url()).hash).toBe('#L23456-L23460');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await visit.button('Copy lines').click();
    await visit.sees(marked.getByText('Lines copied'));
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied.split('\n').map((line) => line.slice(0, 10))).toEqual([23455, 23456, 23457, 23458, 23459].map((n) => `line ${n}`)); // prettier-ignore
    await visit.button('Copy link').click();
    await visit.sees(marked.getByText('Link copied'));
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(link).toMatch(/\?attempt=1#L23456-L23460$/);
    await log.locator('[data-line="23465"]').getByRole('link').click();
    expect(new URL(page.url()).hash).toBe('#L23465');
    await visit.button('Unmark').click();
    await soon(() => new URL(page.url()).hash).toBe('');
    await using other = await dashboard.visit(link.replace(dashboard.das.url, ''));
    await sees(logOf(other), 23_456);
    await other.sees(other.page.getByText('Lines 23,456–23,460'));
    await logOf(other).focus();
    await other.page.keyboard.press('End');
    await sees(logOf(other), ALL);
    await soon(() => other.button(/^Jump to latest/).count()).toBe(0);
  });

  test('wraps, tells times, fills the screen; remembers the first two', async () => {
    await using visit = await dashboard.visit(`/runs/${long}`);
    const { page } = visit;
    const log = logOf(visit);
    await sees(log, ALL);
    await visit.button('Wrap long lines').click();
    await visit.button('Times: off').click();
    await visit.button('Times: of the day').click();
    await soon(() => log.locator(`[data-line="${ALL}"] time`).innerText()).toMatch(/^\+\d+ s$/);
    await sees(log, ALL);
    await page.reload();
    await sees(log, ALL);
    expect(await visit.button('Wrap long lines').getAttribute('aria-pressed')).toBe('false');
    await visit.sees(visit.button('Times: since the attempt began'));
    await visit.button('Full screen').click();
    await soon(async () => (await log.boundingBox())?.width).toBeGreaterThan(1400);
    await sees(log, ALL);
    await page.keyboard.press('Escape');
    await visit.sees(visit.button('Full screen'));
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download the log' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`${long}-attempt-1.log`);
  });
});

describe('while it is written', () => {
  test('follows; stays where one reads, and says how much is new', async () => {
    const { das } = dashboard;
    const script = await das.putScript(
      'talks.py',
      `import sys, time, os\nfor n in range(1, 100000):\n    print('tick', n, flush=True)\n    time.sleep(0.03)\n`,
    );
    const { id } = await das.submit({ script });
    await using visit = await dashboard.visit(`/runs/${id}`);
    const log = logOf(visit);
    await visit.sees(visit.page.getByText('live', { exact: true }));
    const latest = async () => Math.max(0, ...(await inSight(log)));
    await soon(latest).toBeGreaterThan(60);
    await log.hover();
    await visit.page.mouse.wheel(0, -300);
    const jump = visit.button(/^Jump to latest/);
    await visit.sees(jump);
    // One turn of the wheel reaches the page in several steps: where the reader stays is where it comes to rest.
    let here: number[] = [];
    await soon(async () => {
      const before = here;
      await visit.page.waitForTimeout(250);
      here = await inSight(log);
      return here.length > 0 && here.join() === before.join();
    }).toBe(true);
    await soon(() => jump.innerText()).toMatch(/\d\d+ new/);
    expect(await inSight(log)).toEqual(here);
    await jump.click();
    await visit.seesNoMore(jump);
    const then = await latest();
    expect(then).toBeGreaterThan(here.at(-1) ?? 0);
    await soon(latest).toBeGreaterThan(then + 20);
    await soon(async () => (await das.run(id)).attempts[0]?.logSize).toBeGreaterThan(0);
    await das.call('cancelRun', { params: { id } });
    await visit.sees(visit.state('Cancelled'));
    await soon(latest).toBe((await das.log(id)).trimEnd().split('\n').length);
  });
});

test('a slow turn upwards while much is written: nothing pulls the reader back to the end', async () => {
  const { das } = dashboard;
  const script = await das.putScript(
    'floods.py',
    `import time\nfor n in range(1, 1000000):\n    print('tick', n, flush=True)\n    time.sleep(0.005)\n`,
  );
  const { id } = await das.submit({ script });
  await using visit = await dashboard.visit(`/runs/${id}`);
  const { page } = visit;
  const log = logOf(visit);
  await soon(async () => Math.max(0, ...(await inSight(log)))).toBeGreaterThan(100);
  // Each frame while it follows is full of lines, and the last of them is at the lower edge.
  const torn = await log.evaluate(async (element) => {
    const faults: string[] = [];
    for (let frame = 0; frame < 120; frame += 1) {
      await new Promise((drawn) => requestAnimationFrame(drawn));
      const { top, bottom } = element.getBoundingClientRect();
      const rows = [...element.querySelectorAll('[data-line]')].map((row) => row.getBoundingClientRect());
      const [highest, lowest] = [rows[0]?.top ?? bottom, rows.at(-1)?.bottom ?? top];
      if (highest > top + 1 || Math.abs(lowest - bottom) > 2) faults.push(`${highest - top} to ${lowest - bottom}`);
    }
    return faults;
  });
  expect(torn).toEqual([]);
  const jump = visit.button(/^Jump to latest/);
  for (let round = 0; round < 3; round += 1) {
    await log.hover();
    // As a finger on a touchpad does: steps of a few pixels, over several arrivals of text.
    await page.mouse.wheel(0, -3);
    await visit.sees(jump);
    const first = async () => (await inSight(log))[0] ?? 0;
    const begun = await first();
    const seen: number[] = [];
    for (let step = 0; step < 40; step += 1) {
      await page.mouse.wheel(0, -3);
      await page.waitForTimeout(25);
      seen.push(await first());
    }
    expect(seen).toEqual(seen.toSorted((a, b) => b - a));
    await soon(async () => begun - (await first())).toBeGreaterThan(5);
    const here = await inSight(log);
    await page.waitForTimeout(1000);
    expect(await inSight(log)).toEqual(here);
    expect(begun - (here[0] ?? 0)).toBeLessThan(9);
    await jump.click();
    await visit.seesNoMore(jump);
  }
  await das.call('cancelRun', { params: { id } });
});

describe('a hostile log', () => {
  test('is text and nothing else', async () => {
    await using visit = await dashboard.visit(`/runs/${hostile}`);
    const { page } = visit;
    const log = logOf(visit);
    await visit.sees(log.getByText('the end', { exact: true }));
    await log.focus();
    await page.keyboard.press('Home');
    await visit.sees(log.getByText(`<script>document.title = 'owned'</script>`));
    await visit.sees(log.getByText('after a title a link', { exact: true }));
    await visit.sees(log.getByText('cleared nothing', { exact: true }));
    await visit.sees(log.getByText('invalid \ufffd\ufffd\ufffd( utf-8', { exact: true }));
    expect(await log.locator('script, img, iframe').count()).toBe(0);
    expect(await log.getByRole('link').evaluateAll((links) => links.filter((link) => !/#L\d+$/.test((link as HTMLAnchorElement).href)).length)).toBe(0); // prettier-ignore
    expect(await page.title()).not.toContain('owned');
    const colour = (text: string) =>
      log.getByText(text, { exact: true }).evaluate((span) => getComputedStyle(span).color);
    expect(new Set([await colour('red'), await colour('green'), await colour('blue')]).size).toBe(3);
    await visit.sees(log.getByText(/x{100}.* more characters/));
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1440);
  });

  test('progress is folded into its last state, and unfolds', async () => {
    await using visit = await dashboard.visit(`/runs/${hostile}`);
    const log = logOf(visit);
    const bars = log.locator('[data-line]').filter({ hasText: '10 [00:01' });
    await visit.sees(bars.getByText(/90%.*9\/10/));
    expect(await bars.count()).toBe(1);
    await visit.button('9 earlier', log).click();
    await soon(() => bars.count()).toBe(10);
    const stage = log.locator('[data-line]').filter({ hasText: '[Stage 0:' });
    expect(await stage.innerText()).toContain('(2 + 2) / 4');
    expect(await stage.innerText()).not.toContain('(1 + 2) / 4');
    await visit.button('2 earlier', stage).click();
    await soon(() => stage.innerText()).toContain('(1 + 2) / 4');
  });

  test('on a phone it leaves room for the rest', async () => {
    await using visit = await dashboard.visit(`/runs/${long}`, { viewport: PHONE, hasTouch: true, isMobile: true });
    const log = logOf(visit);
    await sees(log, ALL);
    const box = await visit.page.getByRole('region', { name: 'Log' }).boundingBox();
    expect(box?.height).toBeLessThan(PHONE.height * 0.7);
    expect(await visit.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
  });
});

test('a short log takes the room it needs', async () => {
  const script = await dashboard.das.putScript('short.py', 'print("one")');
  const { id } = await dashboard.das.runToEnd({ script });
  await using visit = await dashboard.visit(`/runs/${id}`);
  await visit.sees(logOf(visit).getByText('one', { exact: true }));
  expect((await logOf(visit).boundingBox())?.height).toBeLessThan(60);
});
