import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Dashboard, PHONE, soon } from './dashboard.ts';
import type { Visit } from './dashboard.ts';

/** Each page with something on it: on a phone, in the dark, and for somebody who cannot see it. */
let dashboard: Dashboard;
let addresses: Record<PageName, string>;
const PAGES = [
  'Scripts',
  'Files',
  'Preview',
  'Runs',
  'Run',
  'Failed run',
  'Launches',
  'Launch',
  'Workers',
  'System',
  'Nowhere',
  'No run',
  'No launch',
] as const;
type PageName = (typeof PAGES)[number];

beforeAll(async () => {
  dashboard = await Dashboard.open({ stub: true });
  const { das } = dashboard;
  const wide = `print("${'a_very_long_word_'.repeat(40)}")\n`;
  const good = await das.putScript(`reports/a_rather_long_name_of_a_script_that_nobody_would_shorten_for_us.py`, wide);
  const bad = await das.putScript('broken.py', `raise ValueError("${'no_such_column_'.repeat(20)}")\n`);
  await dashboard.scan();
  const launch = (
    await das.call('createLaunch', {
      body: {
        name: 'All the reports of the night before the first working day of the month',
        items: [{ script: good, args: ['x'.repeat(200)], labels: { team: 'data' } }, { script: bad }],
      },
    })
  ).body;
  const [first = '', second = ''] = launch.runs.map(({ id }) => id);
  await Promise.all([das.waitFor(first), das.waitFor(second)]);
  addresses = {
    Scripts: '/scripts',
    Files: `/scripts?dir=${das.scriptsDir}`,
    Preview: `/scripts?path=${good}`,
    Runs: '/runs',
    Run: `/runs/${first}`,
    'Failed run': `/runs/${second}`,
    Launches: '/launches',
    Launch: `/launches/${launch.id}`,
    Workers: '/workers',
    System: '/system',
    Nowhere: '/nowhere',
    'No run': '/runs/01K000000000000000000000ZZ',
    'No launch': '/launches/01K000000000000000000000ZZ',
  };
});
afterAll(() => dashboard[Symbol.asyncDispose]());

/** The page once its data is there. */
async function open(name: PageName, options?: Parameters<Dashboard['visit']>[1]): Promise<Visit> {
  const visit = await dashboard.visit(addresses[name], options);
  await visit.sees(visit.page.getByRole('heading', { level: 1 }));
  if (name !== 'Nowhere') await visit.sees(visit.page.getByRole('status', { name: 'Connection' }).getByText('Live'));
  await soon(() => visit.page.getByRole('status', { name: /^Loading/ }).count()).toBe(0);
  return visit;
}

describe.each(PAGES)('%s', (name) => {
  test('has one first heading, a title, and a name for every control', async () => {
    await using visit = await open(name);
    expect(await visit.page.getByRole('heading', { level: 1 }).count()).toBe(1);
    expect(await visit.page.title()).toMatch(/\S · DAS$/);
    expect(await nameless(visit.page)).toEqual([]);
    expect(await visit.page.getByRole('main').count()).toBe(1);
  });

  test('fits a phone', async () => {
    await using visit = await open(name, { viewport: PHONE, hasTouch: true, isMobile: true });
    const width = () => visit.page.evaluate(() => document.documentElement.scrollWidth);
    expect(await width()).toBeLessThanOrEqual(PHONE.width);
    expect(await outOfReach(visit.page)).toEqual([]);
    expect(await spilling(visit.page)).toEqual([]);
  });
});

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

/** Controls without an accessible name. */
async function nameless(page: Page): Promise<string[]> {
  const tree = await page.locator('body').ariaSnapshot();
  const mute = new RegExp(`^\\s*- (button|link|textbox|searchbox|checkbox|radio|combobox|spinbutton)(?! ["/])`);
  return tree.split('\n').filter((line) => mute.test(line));
}

/** Controls and headings beyond the screen's edges, but for what lies in a table, a log or a row that scrolls sideways by itself. */
function outOfReach(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const scrolls = (element: Element | null): boolean => {
      if (!element) return false;
      const isPart = element.clientWidth < innerWidth || element.clientHeight < 100;
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

test('the dialogs name their controls and fit a phone', async () => {
  await using visit = await open('Preview', { viewport: PHONE });
  const { page, dialog } = visit;
  await visit.button('Launch').click();
  await dialog.getByLabel('Retries').and(page.getByRole('textbox')).fill('3');
  for (const add of ['Add a Spark setting', 'Add a label', 'Add a file']) await visit.button(add, dialog).click();
  expect(await nameless(page)).toEqual([]);
  expect(await outOfReach(page)).toEqual([]);
  expect(await dialog.evaluate((element) => element.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
  await page.keyboard.press('Escape');
  await visit.seesNoMore(dialog);
});

test('light and dark: as the system is, or as one chose, which is remembered', async () => {
  await using visit = await open('Runs', { colorScheme: 'dark' });
  const { page } = visit;
  const theme = (name: string) => visit.button(`Theme: ${name}. Change it`);
  await soon(() => brightness(page)).toBeLessThan(0.2);
  await page.emulateMedia({ colorScheme: 'light' });
  await soon(() => brightness(page)).toBeGreaterThan(0.9);
  await theme('system').click();
  await theme('light').click();
  await visit.sees(theme('dark'));
  await soon(() => brightness(page)).toBeLessThan(0.2);
  await page.reload();
  await visit.sees(theme('dark'));
  await soon(() => brightness(page)).toBeLessThan(0.2);
  await theme('dark').click();
  await visit.sees(theme('system'));
  await soon(() => brightness(page)).toBeGreaterThan(0.9);
});

test.each(['light', 'dark'] as const)('text is readable in %s: a contrast of 4.5 at least', async (colorScheme) => {
  for (const name of ['Scripts', 'Failed run', 'Launch', 'System'] as const) {
    await using visit = await open(name, { colorScheme });
    expect(await pale(visit.page), name).toEqual([]);
  }
});

/** Of the page's background: 0 is black, 1 is white. */
function brightness(page: Page): Promise<number> {
  return page.evaluate(() => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d')!;
    for (const element of [document.documentElement, document.body]) {
      canvas.fillStyle = getComputedStyle(element).backgroundColor;
      canvas.fillRect(0, 0, 1, 1);
    }
    const [red = 0, green = 0, blue = 0] = canvas.getImageData(0, 0, 1, 1).data;
    return (red + green + blue) / 765;
  });
}

/** Texts whose contrast to what lies behind them is below WCAG AA's 4.5. */
function pale(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })!;
    /** All colours on top of each other, the lowest first. */
    const paint = (colours: string[]) => {
      canvas.clearRect(0, 0, 1, 1);
      for (const colour of colours) {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
      }
      return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    };
    const luminance = (colour: number[]) =>
      colour
        .map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4))
        .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index]!, 0);
    const behind = (element: Element | null): string[] =>
      element ? [...behind(element.parentElement), getComputedStyle(element).backgroundColor] : [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = new Set<string>();
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      const element = node.parentElement!;
      if (!node.textContent?.trim() || !element.checkVisibility() || element.closest('[disabled], script, style'))
        continue;
      const [ink, ground] = [paint([...behind(element), getComputedStyle(element).color]), paint(behind(element))].map(
        luminance,
      ) as [number, number];
      const contrast = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
      if (contrast < 4.5) found.add(`${contrast.toFixed(1)} ${node.textContent.trim().slice(0, 40)}`);
    }
    return [...found];
  });
}
