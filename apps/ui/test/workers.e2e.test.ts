import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dashboard, soon } from './dashboard.ts';

declare global {
  interface Window {
    contradictions: string[];
  }
}

/** The Workers and System pages, with workers that are busy, leave, and die. */
let dashboard: Dashboard;
let slow: string;
beforeAll(async () => {
  dashboard = await Dashboard.open({ stub: true, workers: 0 });
  const { das } = dashboard;
  slow = await das.putScript('slow.py', 'import time\nprint("begun", flush=True)\ntime.sleep(600)\n');
  await das.putScript('quick.py', 'print("quick")\n');
  await dashboard.scan();
});
afterAll(() => dashboard[Symbol.asyncDispose]());

test('says why nothing runs and how to mend it, then shows each place and what runs in it', async () => {
  const { das } = dashboard;
  await using visit = await dashboard.visit('/workers');
  const { page } = visit;
  const queue = page.getByRole('region', { name: 'Queue' });
  await visit.sees('No worker is connected');
  await noteContradictions(page);
  const quick = await das.submit({ script: `${das.scriptsDir}/quick.py` });
  await visit.sees(queue.getByRole('heading', { name: 'No worker is there: 1 run waits.' }));
  await visit.sees(queue.getByText('npm start -- --workers 3'));
  await visit.sees(queue.getByRole('link', { name: '1 for a worker' }));
  expect(await queue.getByRole('link', { name: 'quick.py' }).getAttribute('href')).toBe(`/runs/${quick.id}`);

  const worker = await das.addWorker({ WORKER_CONCURRENCY: '2' });
  await das.waitFor(quick.id);
  await visit.sees(queue.getByRole('heading', { name: 'Nothing waits: 2 places of 2 are free.' }));
  // Of quick ones the next is claimed before the end of the last is told.
  const quicks = [];
  for (let count = 0; count < 8; count++) quicks.push((await das.submit({ script: `${das.scriptsDir}/quick.py` })).id);
  for (const id of quicks) await das.waitFor(id);
  await visit.sees(page.getByText('0 of 2 places', { exact: true }));
  const runs = [];
  for (let count = 0; count < 3; count++) runs.push((await das.submit({ script: slow })).id);
  const places = page.getByRole('list', { name: /^Places of/ }).getByRole('listitem');
  await soon(async () => (await places.getByRole('link').allInnerTexts()).join()).toBe('slow.py,slow.py');
  await visit.sees(
    queue.getByRole('heading', { name: /^All 2 places are busy, 1 waiting, about .* each: all have begun/ }),
  );
  await visit.sees(queue.getByRole('link', { name: '1 for a free place' }));
  await visit.sees(page.getByText('2 of 2 places', { exact: true }));

  await places.getByRole('link').first().click();
  await soon(() => new URL(page.url()).pathname).toBe(`/runs/${runs[0]}`);
  await page.goBack();
  // One that dies is folded away, and the queue says that nobody takes what waits.
  das.kill(worker.pid);
  await visit.sees(page.getByText('1 worker that is no longer there'));
  await visit.sees(queue.getByRole('heading', { name: /^No worker is there/ }));
  await page.getByText('1 worker that is no longer there').click();
  await visit.sees(page.getByTestId('gone').getByText('Gone', { exact: true }));
  await visit.sees(queue.getByRole('link', { name: '1 for a worker' }));
  expect(await page.evaluate(() => window.contradictions)).toEqual([]);
});

/** From now on notes whenever the header, the queue and the workers' cards tell different numbers of places. */
async function noteContradictions(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.contradictions = [];
    const look = () => {
      const text = (selector: string) => document.querySelector(selector)?.textContent.replace(/\s+/g, ' ') ?? '';
      const [, free, total] = /(\d+) free of (\d+)/.exec(text('[data-testid=queue]')) ?? [];
      if (free === undefined) return;
      const cards = [...document.querySelectorAll('[data-testid=worker]:has([data-state=active]) [data-testid=place]')];
      const links = cards.filter((place) => place.querySelector('a'));
      const told = {
        queue: `${Number(total) - Number(free)} of ${total}`,
        header: /\d+ of \d+(?= places used)/.exec(text('main'))?.[0] ?? '0 of 0',
        cards: `${links.length} of ${cards.length}`,
        headline: /No worker/.test(text('[data-testid=queue] h2')) ? '0 of 0' : `${links.length} of ${cards.length}`,
      };
      if (new Set(Object.values(told)).size > 1) window.contradictions.push(JSON.stringify(told));
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
}

test('System names each part with its fix, the settings with what is set, and copies diagnostics without secrets', async () => {
  await using visit = await dashboard.visit('/system', { permissions: ['clipboard-read', 'clipboard-write'] });
  const { page } = visit;
  const spark = page.locator('[data-component="spark"]');
  await visit.sees(page.getByRole('heading', { name: 'Something is away' }));
  await visit.sees(spark.getByText('No worker takes runs: start one (npm start brings one).'));
  await visit.sees(page.locator('[data-component="mongodb"]').getByText(/^there, \d+ ms$/));
  // Those that died are counted nowhere.
  await visit.sees(page.getByText('of 0 on 0 workers'));
  // A check more, every few seconds.
  await visit.sees(spark.getByRole('img', { name: /^[2-9] checks, [2-9] failed/ }));

  await page.getByRole('searchbox', { name: 'Search settings' }).fill('mongodb_uri');
  const setting = page.locator('[data-setting]');
  await soon(() => setting.count()).toBe(1);
  await visit.sees(setting.getByText('set', { exact: true }));
  await page.getByRole('searchbox', { name: 'Search settings' }).fill('');
  await visit.button('Only set').click();
  expect(await setting.getByText('default', { exact: true }).count()).toBe(0);

  await visit.button('Copy diagnostics').click();
  await visit.sees('The diagnostics are copied');
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(JSON.parse(copied)).toMatchObject({ readiness: { status: 'degraded' }, address: dashboard.das.url });
  const { password } = new URL(dashboard.das.stack.mongodbUri);
  expect(password && copied.includes(decodeURIComponent(password))).toBeFalsy();
});
