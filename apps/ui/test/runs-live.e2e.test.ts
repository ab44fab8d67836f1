import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dashboard, soon } from './dashboard.ts';
import { ManyRuns } from './many-runs.ts';

/** The list of runs while runs change by the dozen, written to the database as workers write them. Its long form is runs.long.ts. */
let dashboard: Dashboard;
let many: ManyRuns;
beforeAll(async () => {
  dashboard = await Dashboard.open(ManyRuns.QUIET);
  many = new ManyRuns(dashboard.das);
  await many.store(1000);
});
afterAll(() => dashboard[Symbol.asyncDispose]());

const rows = (page: Page) => page.getByRole('table', { name: 'Runs' }).getByTestId('run');
const scroller = (page: Page) => page.getByRole('table', { name: 'Runs' }).locator('xpath=..');
const shown = (page: Page) =>
  rows(page).evaluateAll((found) => found.map((row) => [row.dataset['run'] ?? '', row.querySelector('[data-state]')?.getAttribute('data-state') ?? ''])); // prettier-ignore
const stored = async (limit: number) =>
  (await dashboard.das.db.runs.find().sort({ _id: -1 }).limit(limit).toArray()).map(({ _id, state }) => [_id, state]);

/** The numbers on the chips of the states. */
async function counted(page: Page): Promise<Record<string, number>> {
  const names = await page.getByRole('group', { name: 'State', exact: true }).getByRole('button').evaluateAll((chips) => chips.map((chip) => chip.getAttribute('aria-label') ?? '')); // prettier-ignore
  const pairs = names.map((name) => /^(\w+), ([\d,]+) runs?$/.exec(name)?.slice(1) ?? ['', '0']);
  return Object.fromEntries(pairs.map(([word = '', n = '0']) => [word.toLowerCase(), Number(n.replaceAll(',', ''))]));
}

async function storedCounts(): Promise<Record<string, number>> {
  const none = { queued: 0, running: 0, retrying: 0, cancelling: 0, completed: 0, failed: 0, cancelled: 0 };
  const found = await dashboard.das.db.runs.aggregate<{ _id: string; n: number }>([{ $group: { _id: '$state', n: { $sum: 1 } } }]).toArray(); // prettier-ignore
  return { ...none, ...Object.fromEntries(found.map(({ _id, n }) => [_id, n])) };
}

test('50 changes a second: rows and counts end as the database has them, and the order never breaks', async () => {
  await using visit = await dashboard.visit('/runs');
  const { page } = visit;
  await visit.sees(rows(page).first());
  const changing = many.change({ perSecond: 50, seconds: 6 });
  let over = false;
  void changing.finally(() => (over = true));
  while (!over) {
    const ids = (await shown(page)).map(([id]) => id);
    expect(ids).toEqual(ids.toSorted().toReversed());
    expect(ids.length).toBeLessThan(80); // of a thousand, only those in sight
  }
  expect(await changing).toBeGreaterThan(20);
  const newest = await stored(20);
  await soon(async () => (await shown(page)).slice(0, 20)).toEqual(newest);
  const counts = await storedCounts();
  await soon(() => counted(page)).toEqual(counts);
  expect(visit.loads).toBe(1);
});

test('what one reads does not move: new runs wait until one goes to them', async () => {
  await using visit = await dashboard.visit('/runs');
  const { page } = visit;
  await visit.sees(rows(page).first());
  await scroller(page).evaluate((element) => element.scrollTo({ top: 600 }));
  await soon(async () => (await shown(page))[0]?.[0]).not.toBe((await stored(1))[0]?.[0]);
  const read = rows(page).nth(15);
  const id = (await read.getAttribute('data-run')) ?? '';
  /** In the list: what is above it may still grow. */
  const place = async (row: Locator) =>
    ((await row.boundingBox())?.y ?? 0) - ((await scroller(page).boundingBox())?.y ?? 0);
  expect((await read.boundingBox())?.height).toBe(38);
  const before = await place(page.locator(`[data-run="${id}"]`));
  await many.change({ perSecond: 40, seconds: 2 });
  const pill = page.getByRole('button', { name: /^\d+ new runs?$/ });
  await visit.sees(pill);
  expect(await place(page.locator(`[data-run="${id}"]`))).toBe(before);
  await pill.click();
  const newest = await stored(10);
  await soon(async () => (await shown(page)).slice(0, 10)).toEqual(newest);
  await visit.seesNoMore(pill);
});

test('a run that leaves the filter is marked before it goes, and stays under the hand', async () => {
  // What waited may all have been run by the tests before.
  await many.store(200, { hours: 0.01 });
  await using visit = await dashboard.visit('/runs?state=queued');
  const { page } = visit;
  await visit.sees(rows(page).first());
  await rows(page).nth(2).hover();
  await many.change({ perSecond: 40, seconds: 2 });
  const leaving = page.locator('tr[data-left]');
  await visit.sees(leaving);
  expect(await leaving.first().getAttribute('title')).toBe('It no longer matches the filters');
  // Longer than marks last by themselves.
  await page.waitForTimeout(5000);
  expect(await leaving.count()).toBeGreaterThan(0);
  await page.mouse.move(5, 5);
  await visit.seesNoMore(leaving);
  const queued = await dashboard.das.db.runs.find({ state: 'queued' }).sort({ _id: -1 }).limit(10).toArray();
  await soon(async () => (await shown(page)).slice(0, 10).map(([id]) => id)).toEqual(queued.map(({ _id }) => _id));
});

test('scrolling pages older runs in, to the last one', async () => {
  await using visit = await dashboard.visit('/runs?state=failed');
  const { page } = visit;
  const failed = await dashboard.das.db.runs.find({ state: 'failed' }).sort({ _id: 1 }).toArray();
  await visit.sees(rows(page).first());
  await soon(async () => {
    await scroller(page).evaluate((element) => element.scrollTo({ top: element.scrollHeight }));
    return (await shown(page)).at(-1)?.[0];
  }).toBe(failed[0]?._id);
  await visit.sees(page.getByText(`${failed.length} runs: that is all`));
});
