import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Dashboard, DESK, PHONE, soon } from './dashboard.ts';
import type { Visit } from './dashboard.ts';

/**
 * Every page and what opens over it, in both themes and at two widths: axe finds nothing, and on a phone all is within
 * reach. Names are as hostile as HDFS allows.
 */
let dashboard: Dashboard;
let visit: Visit;
let ids: { completed: string; failed: string; running: string; queued: string; launch: string };
let guarded: string;
const HOSTILE = `<img src=x onerror=alert(1)> "quoted" 'n' \u202Egnp.elif 🧨 ${'long_'.repeat(20)}.py`;

beforeAll(async () => {
  dashboard = await Dashboard.open({ stub: true, workerEnv: { WORKER_CONCURRENCY: '1' } });
  const { das } = dashboard;
  const wide = await das.putScript(HOSTILE, `print("${'a_very_long_word_'.repeat(40)}")\n`);
  const bad = await das.putScript('reports/broken.py', `raise ValueError("${'no_such_column_'.repeat(20)}")\n`);
  const slow = await das.putScript('reports/slow.py', 'import time\nprint("begun", flush=True)\ntime.sleep(600)\n');
  const json = await das.putScript(
    'reports/json.py',
    'import json, os\nwith open(os.environ["DAS_RESULT_FILE"], "w") as f:\n    json.dump([{"city": "Oslo", "sales": 3}, {"city": "Bergen", "sales": 4}], f)\nprint("\\x1b[31mred\\x1b[0m")\n',
  );
  await dashboard.scan();
  const launch = (
    await das.call('createLaunch', {
      body: {
        name: 'All the reports of the night before the first working day of the month',
        defaults: { labels: { team: 'data' }, retries: { max: 1, backoff: 'fixed', delayMs: 1000, jitter: 0 } },
        items: [{ script: wide, args: ['x'.repeat(200)] }, { script: bad }, { script: json }],
      },
    })
  ).body;
  const [, failed = '', completed = ''] = launch.runs.map(({ id }) => id);
  for (const { id } of launch.runs) await das.waitFor(id);
  const running = await das.submit({ script: slow });
  await das.waitFor(running.id, ({ phase }) => phase === 'running');
  const queued = await das.submit({ script: slow, priority: 7 });
  ids = { completed, failed, running: running.id, queued: queued.id, launch: launch.id };
  visit = await dashboard.visit('/runs');
  guarded = (await das.addApi({ API_TOKEN: 'a-token_that.is+long/enough=' })).url;
});
afterAll(() => dashboard[Symbol.asyncDispose]());

type Look = { path: () => string; begin?: (visit: Visit) => Promise<unknown> };
const press = (key: string) => (visit: Visit) => visit.page.keyboard.press(key).then(() => visit.sees(visit.dialog));
const inScripts = (name: string) => () => `/scripts?path=${encodeURIComponent(`${dashboard.das.scriptsDir}/${name}`)}`;

const LOOKS: Record<string, Look> = {
  Scripts: { path: () => '/scripts' },
  Files: { path: () => `/scripts?dir=${dashboard.das.scriptsDir}` },
  Grid: { path: () => '/scripts?view=grid' },
  Preview: { path: inScripts(HOSTILE) },
  'Scripts selected': {
    path: () => '/scripts',
    begin: ({ page }) => page.getByRole('checkbox', { name: 'Select broken.py' }).check(),
  },
  'No script matches': {
    path: () => '/scripts',
    begin: ({ page }) => page.getByRole('searchbox').first().fill('no such script'),
  },
  'Launch dialog': {
    path: inScripts('reports/broken.py'),
    begin: async (visit) => {
      await visit.button('Launch').first().click();
      await visit.dialog.getByLabel('Retries').and(visit.page.getByRole('textbox')).fill('3');
      for (const add of ['Add a Spark setting', 'Add a label', 'Add a file'])
        await visit.button(add, visit.dialog).click();
    },
  },
  Runs: { path: () => '/runs' },
  'Runs filtered': {
    path: () => '/runs?state=failed&label=team:data',
    begin: (visit) => visit.button('More filters').click(),
  },
  'Runs by cause': { path: () => '/runs?by=cause' },
  'No run matches': { path: () => '/runs?q=nosuchrun' },
  'Runs chosen': {
    path: () => '/runs',
    begin: ({ page }) =>
      page
        .getByRole('checkbox', { name: /^Choose/ })
        .nth(1)
        .check(),
  },
  'Run completed': { path: () => `/runs/${ids.completed}` },
  'Run failed': { path: () => `/runs/${ids.failed}` },
  'Run running': { path: () => `/runs/${ids.running}` },
  'Run queued': { path: () => `/runs/${ids.queued}` },
  'Re-run dialog': {
    path: () => `/runs/${ids.failed}`,
    begin: (visit) =>
      visit
        .button(/^Re-run/)
        .first()
        .click(),
  },
  Launches: { path: () => '/launches' },
  Launch: { path: () => `/launches/${ids.launch}` },
  Workers: { path: () => '/workers' },
  System: { path: () => '/system' },
  'Sign-in': { path: () => `${guarded}/runs` },
  Palette: { path: () => '/runs', begin: press('Control+k') },
  'Palette with results': {
    path: () => '/runs',
    begin: async (visit) => {
      await press('Control+k')(visit);
      await visit.page.keyboard.type('broken');
      await visit.sees(visit.page.getByRole('option', { name: /broken\.py.*Failed/ }));
    },
  },
  Shortcuts: { path: () => '/runs', begin: press('?') },
  Nowhere: { path: () => '/nowhere' },
  'No run': { path: () => '/runs/01K000000000000000000000ZZ' },
  'No launch': { path: () => '/launches/01K000000000000000000000ZZ' },
};

/** The page once its data is there, with axe in it. */
async function open(name: string): Promise<Page> {
  const { path, begin } = LOOKS[name]!;
  const { page } = visit;
  // A document of its own, in the session of them all: a session costs a second.
  await page.setViewportSize(DESK);
  await page.goto(path());
  // What stands there before the first 401 has a heading, too.
  if (name === 'Sign-in') await visit.sees(page.getByRole('heading', { level: 1, name: 'Sign in' }));
  else await visit.sees(page.getByRole('status', { name: 'Connection' }).getByText('Live'));
  await soon(() => page.getByRole('status', { name: /^Loading/ }).count()).toBe(0);
  await visit.sees(page.getByRole('heading', { level: 1 }));
  expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
  expect(await page.getByRole('main').count()).toBe(1);
  await begin?.(visit);
  await page.waitForLoadState('networkidle');
  await page.evaluate(axe.source);
  return page;
}

/** As the toggle does it, so that everything has its colours when this returns. */
function wear(page: Page, theme: 'light' | 'dark'): Promise<void> {
  return page.evaluate(async (name) => {
    document.documentElement.dataset['theme'] = name;
    const frame = () => new Promise((wake) => requestAnimationFrame(wake));
    // A colour that changed above sets off the change of what inherits it.
    const running = () => document.getAnimations().filter(({ playState }) => playState === 'running');
    for (let level = 0; level < 20 && (level === 0 || running().length > 0); level += 1) {
      await frame();
      await Promise.allSettled(running().map((animation) => animation.finished));
      await frame();
    }
  }, theme);
}

/** What axe finds, as a person can read it. */
async function violations(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { run } = (globalThis as unknown as { axe: { run: (where: Document, options: object) => Promise<Found> } })
      .axe;
    const found = await run(document, { resultTypes: ['violations'] });
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map(
        ({ target, html, failureSummary }) => `${id}: ${target.join(' ')}\n${html.slice(0, 200)}\n${failureSummary}`,
      ),
    );
  });
}
type Found = { violations: { id: string; nodes: { target: string[]; html: string; failureSummary: string }[] }[] };

/** Rows of lists whose content lies over what follows them. */
function spilling(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('[data-row]')].flatMap((row) => {
      const end = row.getBoundingClientRect().bottom + 1;
      const beyond = [...row.querySelectorAll('*')].filter((part) => {
        const box = part.getBoundingClientRect();
        return box.width > 1 && box.height > 1 && box.bottom > end;
      });
      return beyond.map((part) => part.outerHTML.slice(0, 120));
    }),
  );
}

/** Controls and headings beyond the screen's edges, but for what lies in a table, a grid, a log or a row that scrolls sideways by itself. */
function outOfReach(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const scrolls = (element: Element | null): boolean => {
      if (!element) return false;
      const isPart = element.clientWidth < innerWidth || element.clientHeight < 100 || element.role === 'grid';
      const moves =
        /auto|scroll/.test(getComputedStyle(element).overflowX) && element.scrollWidth > element.clientWidth;
      return (isPart && moves) || scrolls(element.parentElement);
    };
    return [...document.querySelectorAll('a, button, input, select, h1, h2, h3')]
      .filter((element) => {
        const box = element.getBoundingClientRect();
        return (
          box.width > 1 &&
          box.height > 1 &&
          (box.right > innerWidth + 1 || box.left < -1) &&
          !scrolls(element.parentElement)
        );
      })
      .map((element) => `${element.tagName} ${element.ariaLabel ?? element.textContent}`);
  });
}

describe.each(Object.keys(LOOKS))('%s', (name) => {
  test('axe finds nothing, light and dark, wide and narrow; on a phone all is within reach', async () => {
    const page = await open(name);
    for (const viewport of [DESK, PHONE]) {
      await page.setViewportSize(viewport);
      for (const theme of ['light', 'dark'] as const) {
        await wear(page, theme);
        expect(await violations(page), `${theme}, ${viewport.width} px`).toEqual([]);
      }
      const width = () =>
        page.evaluate(() => Math.max(document.documentElement.scrollWidth, document.body.scrollWidth));
      expect(await width(), `${viewport.width} px`).toBeLessThanOrEqual(viewport.width);
    }
    expect(await outOfReach(page)).toEqual([]);
    expect(await spilling(page)).toEqual([]);
    expect(await page.title()).toMatch(/\S · DAS$/);
  });
});
