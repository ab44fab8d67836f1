import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '@das/testkit/eventually';
import { expect, test } from 'vitest';
import { Dashboard, DESK, PHONE, soon } from './dashboard.ts';
import type { Visit } from './dashboard.ts';
import { smallPng } from './small-png.ts';

/**
 * Remakes docs/screenshots: each page and what opens over it, at two widths in light, some in dark, too; after real runs of the
 * examples. The files are small (below 150 kB), as they live in the repository.
 */
const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = join(root, 'docs/screenshots');
const SCRIPTS = '/my_projects/scripts';
const WIDTHS = [
  ['', DESK],
  ['-phone', PHONE],
] as const;
const DARK = ['scripts', 'runs', 'run', 'run-failed', 'launch', 'workers', 'palette'];
/** What is looked at, and what one does there first. */
type Shot = { path: string; begin?: (visit: Visit) => Promise<unknown> };

test('screenshots', async () => {
  await mkdir(folder, { recursive: true });
  await using dashboard = await Dashboard.open({ env: { HDFS_SCRIPTS_DIR: SCRIPTS } });
  await using _scripts = await putExamples(dashboard);
  const shots = await runExamples(dashboard);
  for (const [name, { path, begin }] of Object.entries(shots)) {
    for (const [suffix, viewport] of WIDTHS) {
      for (const colorScheme of DARK.includes(name) ? (['light', 'dark'] as const) : (['light'] as const)) {
        await using visit = await dashboard.visit(path, { viewport, colorScheme });
        await ready(visit);
        await begin?.(visit);
        await settled(visit);
        await shoot(visit, `${name}${suffix}${colorScheme === 'dark' ? '-dark' : ''}.png`);
      }
    }
  }
});

/** The examples in HDFS, in the directory that people know; taken away afterwards. */
async function putExamples({ das: { hdfs } }: Dashboard): Promise<AsyncDisposable> {
  const held = await hdfs.list(SCRIPTS).catch(() => []);
  if (held.length > 0) throw new Error(`${SCRIPTS} of this HDFS holds files; screenshots want an HDFS of their own`);
  const examples = join(root, 'examples');
  for (const entry of await readdir(examples, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.isFile() || file.includes('__pycache__')) continue;
    await hdfs.write(SCRIPTS + file.slice(examples.length), await readFile(file), { overwrite: true });
  }
  return { [Symbol.asyncDispose]: async () => void (await hdfs.remove(SCRIPTS, { recursive: true })) };
}

/** Runs of all kinds; two are still running, others wait. Answers what there is to see. */
async function runExamples(dashboard: Dashboard): Promise<Record<string, Shot>> {
  const { das } = dashboard;
  const retries = { max: 2, backoff: 'fixed', delayMs: 1000, jitter: 0 } as const;
  await dashboard.scan();
  const launch = async (name: string, items: [string, ...string[]][]) =>
    (
      await das.call('createLaunch', {
        body: {
          name,
          defaults: { retries, labels: { team: 'sales' } },
          items: items.map(([script, ...args]) => ({ script: `${SCRIPTS}/${script}`, args })),
        },
        headers: { 'X-DAS-Submitter': 'maria' },
      })
    ).body;
  const nightly = await launch('Nightly reports', [
    ['json_result.py', 'region=north', 'day=2026-11-21'],
    ['pi.py', '400000'],
    ['flaky_fails_twice.py'],
    ['always_fails.py'],
    ['window_top_n.py'],
  ]);
  for (const { id } of nightly.runs) await das.waitFor(id, undefined, { withinMs: 300_000 });
  const ongoing = await launch('Two long ones', [
    ['two_minutes_progress.py', '600'],
    ['two_minutes_progress.py', '900'],
    ['pi.py'],
  ]);
  const running = ongoing.runs[0]?.id ?? '';
  await eventually(
    'it says something',
    () => das.log(running).catch(() => ''),
    (log) => /20 of 600/.test(log),
    { withinMs: 120_000 },
  );
  const idOf = (name: string) => nightly.runs.find(({ script }) => script.endsWith(name))?.id ?? '';
  const failed = idOf('always_fails.py');
  const retried = idOf('flaky_fails_twice.py');
  const press = (key: string) => (visit: Visit) => visit.page.keyboard.press(key).then(() => visit.sees(visit.dialog));
  return {
    scripts: { path: `/scripts?path=${SCRIPTS}/sales_join_parquet.py` },
    'scripts-list': { path: '/scripts' },
    'scripts-grid': { path: '/scripts?view=grid' },
    dialog: { path: `/scripts?path=${SCRIPTS}/pi.py`, begin: openDialog },
    runs: { path: '/runs' },
    'runs-causes': { path: '/runs?by=cause' },
    'runs-chosen': { path: '/runs', begin: chooseRuns },
    run: { path: `/runs/${running}` },
    'run-failed': { path: `/runs/${failed}` },
    'run-retried': { path: `/runs/${retried}` },
    'run-log-search': { path: `/runs/${running}`, begin: searchLog },
    launches: { path: '/launches' },
    launch: { path: `/launches/${nightly.id}` },
    workers: { path: '/workers' },
    system: { path: '/system' },
    palette: {
      path: '/runs',
      begin: async (visit) => {
        await press('Control+k')(visit);
        await visit.page.keyboard.type('pi');
        await visit.sees(visit.page.getByRole('group', { name: 'Runs' }).getByRole('option'));
      },
    },
    shortcuts: { path: `/runs/${running}`, begin: press('?') },
  };
}

/** Where this repository lies on this machine is nothing to show. Runs in the page. */
function hide(here: string): void {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode())
    if (text.nodeValue?.includes(here)) text.nodeValue = text.nodeValue.replaceAll(here, '/opt/das');
}

async function ready(visit: Visit): Promise<void> {
  const { page } = visit;
  await visit.sees(page.getByRole('heading', { level: 1 }));
  await visit.sees(page.getByRole('status', { name: 'Connection' }).getByText('Live'));
  await soon(() => page.getByRole('status', { name: /^Loading/ }).count()).toBe(0);
  await settled(visit);
}

async function settled({ page }: Visit): Promise<void> {
  await page.waitForLoadState('networkidle');
  await page.evaluate(() => document.fonts.ready);
}

async function searchLog(visit: Visit): Promise<void> {
  await visit.page.getByRole('searchbox', { name: 'Search this log' }).fill('of 600');
  await visit.sees(visit.page.getByTestId('log-matches').getByText(/\d/));
}

async function chooseRuns({ page }: Visit): Promise<void> {
  const boxes = page.getByRole('main').getByRole('checkbox', { name: /^Choose/ });
  for (const index of [0, 1]) await boxes.nth(index).check();
}

async function openDialog(visit: Visit): Promise<void> {
  const { page, dialog } = visit;
  await visit.button('Launch').click();
  await dialog.getByLabel('Arguments of pi.py').fill("400000 'two words'");
  await dialog.getByLabel('Retries').and(page.getByRole('textbox')).fill('3');
  await visit.sees(visit.button('Copy the command', dialog));
  await soon(() => dialog.getByText('Looking…').count()).toBe(0);
}

async function shoot({ page }: Visit, name: string): Promise<void> {
  await page.evaluate(hide, root.replace(/\/$/, ''));
  const png = smallPng(await page.screenshot({ animations: 'disabled', caret: 'hide' }));
  expect(png.length, name).toBeLessThan(150_000);
  await writeFile(join(folder, name), png);
}
