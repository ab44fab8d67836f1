import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dashboard, PHONE, soon } from './dashboard.ts';
import type { Visit } from './dashboard.ts';

/** Names, arguments and labels that try to be more than text: they are shown as text, and break no layout. */
let dashboard: Dashboard;
let visit: Visit;
let ids: string[];
/** As long as HDFS lets a name be. */
const pad = (name: string) => name.slice(0, -3) + 'x'.repeat(Math.max(0, 255 - Buffer.byteLength(name))) + '.py';
const NAMES = [
  '<img src=x onerror=globalThis.owned=1>.py',
  `"quotes" 'and' \`ticks\` &amp; \${x} {{y}}.py`,
  'right\u202Eyp.to left\u2066 isolate\u2069.py',
  '👩‍👩‍👧 🧨 \u0301\u0302\u0303 ゼロ\u200Bwidth.py',
  pad('long_name_without_a_break_.py'),
  '-rf --help.py',
];
const ESCAPES = '\u001B[31mred\u001B[0m \u001B]8;;javascript:globalThis.owned=2\u0007link\u001B]8;;\u0007';
const HTML = '<script>globalThis.owned=3</script><a href="javascript:globalThis.owned=4">click</a>';

beforeAll(async () => {
  dashboard = await Dashboard.open({ stub: true });
  const { das } = dashboard;
  const source = `import sys\nprint(${JSON.stringify(HTML)})\nprint(*sys.argv[1:])\nraise ValueError(${JSON.stringify(HTML)})\n`;
  const paths = [];
  for (const name of NAMES) paths.push(await das.putScript(name, source));
  await dashboard.scan();
  const { runs } = (
    await das.call('createLaunch', {
      body: {
        name: HTML,
        defaults: { labels: { [HTML.slice(0, 40)]: ESCAPES, team: HTML } },
        items: paths.map((script) => ({ script, args: [HTML, ESCAPES, 'wide'.repeat(300)] })),
      },
      headers: { 'X-DAS-Submitter': '<b onmouseover=globalThis.owned=5>me</b>' },
    })
  ).body;
  ids = runs.map(({ id }) => id);
  for (const id of ids) await das.waitFor(id);
  visit = await dashboard.visit('/runs');
});
afterAll(() => dashboard[Symbol.asyncDispose]());

const PAGES: [string, () => string][] = [
  ['the scripts', () => '/scripts'],
  ['the files', () => `/scripts?dir=${dashboard.das.scriptsDir}`],
  ...NAMES.map((name, index): [string, () => string] => [
    `the preview of ${index}`,
    () => `/scripts?path=${encodeURIComponent(`${dashboard.das.scriptsDir}/${name}`)}`,
  ]),
  ['the runs', () => '/runs'],
  ...NAMES.map((_, index): [string, () => string] => [`run ${index}`, () => `/runs/${ids[index]}`]),
  ['the launches', () => '/launches'],
];

test.each(PAGES)('%s: names are text, nothing runs, nothing is wider than the screen', async (_, path) => {
  const { page } = visit;
  await page.goto(path());
  await visit.sees(page.getByRole('heading', { level: 1 }));
  await soon(() => page.getByRole('status', { name: /^Loading/ }).count()).toBe(0);
  await page.waitForLoadState('networkidle');
  for (const viewport of [PHONE, { width: 1440, height: 900 }]) {
    await page.setViewportSize(viewport);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width);
  }
  expect(await page.evaluate(() => (globalThis as { owned?: number }).owned)).toBeUndefined();
  // No element and no link came from a name, an argument, a label or a log.
  expect(await page.locator('main :is(img, script, b[onmouseover], [href^="javascript:"])').count()).toBe(0);
  expect((await page.locator('body').innerText()).includes('\u001B')).toBe(false);
});

test('a hostile name is found in the palette and leads to its script', async () => {
  const { page } = visit;
  await page.goto('/runs');
  await visit.sees(page.getByRole('status', { name: 'Connection' }).getByText('Live'));
  await page.keyboard.press('Control+k');
  await page.keyboard.type('<img');
  await visit.sees(page.getByRole('group', { name: 'Scripts' }).getByRole('option'));
  await page.getByRole('group', { name: 'Scripts' }).getByRole('option').click();
  await soon(() => new URL(page.url()).searchParams.get('path')).toBe(`${dashboard.das.scriptsDir}/${NAMES[0]}`);
  await visit.sees(page.getByRole('heading', { name: NAMES[0]!, exact: true }));
});
