import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { processesWith } from '@das/testkit/processes';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dashboard, soon } from './dashboard.ts';

/** One run from its dialog to its end. Only spark-submit's executable is replaced. */
let dashboard: Dashboard;
beforeAll(async () => {
  dashboard = await Dashboard.open({ stub: true });
  await dashboard.das.putScript('echo.py', ECHO);
  await dashboard.das.putScript('stubborn.py', STUBBORN);
  await dashboard.das.putScript('follow.py', FOLLOW);
  await dashboard.scan();
});
afterAll(() => dashboard[Symbol.asyncDispose]());

const ECHO = 'import json, sys\nprint(json.dumps(sys.argv[1:], ensure_ascii=False, separators=(",", ":")))\n';
/** Wants to live on, and so does its child. */
const STUBBORN = `
import signal, subprocess, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen(["sleep", "600"], start_new_session=True)
print("started", flush=True)
time.sleep(600)
`;
/** Says what is appended to a file, line by line, until that says "end". */
const FOLLOW = `
import sys, time
with open(sys.argv[1], encoding="utf-8") as lines:
    while True:
        line = lines.readline()
        if line:
            print(line, end="", flush=True)
        else:
            time.sleep(0.05)
        if line == "end\\n":
            break
`;

test('arguments with blanks, quotes and any letter arrive byte for byte', async () => {
  await using visit = await dashboard.visit(`/scripts?path=${dashboard.das.scriptsDir}/echo.py`);
  const { page, dialog } = visit;
  const args = [
    'two words',
    'say "hi"',
    "it's",
    'Größe → 🎉',
    '',
    '$HOME * `id` ; |',
    'back\\slash',
    '--flag=x y',
    '👩‍👩‍👧',
  ];
  await visit.button('Launch').click();
  await visit.sees(dialog.getByRole('heading', { name: 'Run echo.py' }));
  await dialog
    .getByLabel('Arguments of echo.py')
    .fill(`'two words' "say \\"hi\\"" it\\'s 'Größe → 🎉' "" '$HOME * \`id\` ; |' back\\\\slash --flag='x y' 👩‍👩‍👧`);
  const chips = dialog.getByRole('list', { name: 'As the script gets them' }).getByRole('listitem');
  expect(await chips.allInnerTexts()).toEqual(args.map((arg) => arg || '(empty)'));
  await visit.button('Run it', dialog).click();
  await page.waitForURL(/\/runs\/\w+$/);
  const printed = JSON.stringify(args);
  await visit.sees(page.getByRole('log').getByText(printed));
  await visit.sees(visit.state('Completed'));
  const run = await dashboard.das.run(page.url().split('/').at(-1) ?? '');
  expect([run.args, run.result?.tail]).toEqual([args, `${printed}\n`]);
});

test('what the server refuses is told at its field, and can be mended there', async () => {
  await using visit = await dashboard.visit(`/scripts?path=${dashboard.das.scriptsDir}/echo.py`);
  const { page, dialog } = visit;
  const refusal = async (conf: Record<string, string>) =>
    (await dashboard.das.api.refused('submitRun', { body: { script: `${dashboard.das.scriptsDir}/echo.py`, conf } }))
      .problem.errors?.[0]?.message as string;
  const [badValue, badKey] = [
    await refusal({ 'spark.driver.memory': 'lots' }),
    await refusal({ 'spark.driver.extraJavaOptions': '-Dx' }),
  ];

  await visit.button('Launch').click();
  await visit.button('Add a Spark setting', dialog).click();
  const settings = dialog.getByRole('group', { name: 'Spark settings' });
  const key = settings.getByRole('combobox', { name: 'Spark settings: Key 1' });
  const value = settings.getByRole('textbox', { name: 'Spark settings: value 1' });
  await key.fill('spark.driver.memory');
  await value.fill('lots');
  await visit.button('Run it', dialog).click();
  await visit.sees(settings.getByRole('alert').getByText(badValue));
  expect(await key.getAttribute('aria-invalid')).toBe('true');
  await key.fill('spark.driver.extraJavaOptions');
  await value.fill('-Dx');
  await visit.button('Run it', dialog).click();
  await visit.sees(settings.getByRole('alert').getByText(badKey));
  // Its own checks need no server.
  await dialog.getByLabel('Retries').and(page.getByRole('textbox')).fill('many');
  await visit.sees(dialog.getByRole('alert').getByText('A whole number from 0 to 100'));
  expect(await visit.button('Run it', dialog).isDisabled()).toBe(true);

  await dialog.getByLabel('Retries').and(page.getByRole('textbox')).fill('');
  await key.fill('spark.driver.memory');
  await value.fill('1g');
  await visit.button('Run it', dialog).click();
  await page.waitForURL(/\/runs\/\w+$/);
  await visit.sees(page.getByRole('region', { name: 'Settings' }).getByText('spark.driver.memory=1g'));
  await visit.sees(visit.state('Completed'));
});

test('cancel: "cancelling" until every process is gone, then "cancelled"', async () => {
  const run = await dashboard.das.submit({ script: `${dashboard.das.scriptsDir}/stubborn.py` });
  await using visit = await dashboard.visit(`/runs/${run.id}`);
  const { page, dialog } = visit;
  const header = page.getByRole('main').locator('header');
  await visit.sees(page.getByRole('log').getByText('started'));
  await visit.sees(visit.state('Running', header));
  expect((await processesWith(`DAS_RUN_ID=${run.id}`)).length).toBeGreaterThanOrEqual(2);

  await visit.button('Cancel').click();
  await visit.sees(dialog.getByText('Cancel this run?'));
  await visit.button('Keep it', dialog).click();
  await visit.seesNoMore(dialog);
  await visit.button('Cancel').click();
  await visit.button('Cancel the run', dialog).click();
  await visit.sees(visit.state('Cancelling', header));
  await visit.sees('Cancelling: it is cancelled once every process of it has ended.');
  await visit.sees(visit.state('Cancelled', header));
  expect(await processesWith(`DAS_RUN_ID=${run.id}`)).toEqual([]);
  expect(await visit.button(/^Cancel(ling…)?$/).count()).toBe(0);
  expect(visit.loads).toBe(1);
});

test('the log follows what is written, and stays where a reader scrolls to', async () => {
  const source = join(dashboard.das.home, 'said.txt');
  await writeFile(source, lines(1, 400));
  const run = await dashboard.das.submit({ script: `${dashboard.das.scriptsDir}/follow.py`, args: [source] });
  await using visit = await dashboard.visit(`/runs/${run.id}`);
  const log = visit.page.getByRole('log', { name: 'Log of attempt 1' });
  const line = (n: number) => log.getByText(`line ${n} of many`, { exact: true });
  await visit.sees(line(400));
  await soon(() => inSight(line(400))).toBe(true);
  await appendFile(source, lines(401, 500));
  await visit.sees(line(500));
  await soon(() => inSight(line(500))).toBe(true);

  await log.hover();
  await visit.page.mouse.wheel(0, -1500);
  await visit.sees(visit.button('Jump to latest'));
  const place = () => log.evaluate((element) => element.scrollTop);
  const before = await place();
  await appendFile(source, lines(501, 600));
  await visit.sees(visit.page.getByText(/^60\d lines/));
  // What is far from the place one reads is not even in the page.
  expect([await place(), await line(600).count()]).toEqual([before, 0]);
  await visit.button('Jump to latest 100 new').click();
  await soon(() => inSight(line(600))).toBe(true);
  await appendFile(source, 'end\n');
  await visit.sees(visit.state('Completed'));
  await visit.sees(log.getByText('end', { exact: true }));
  expect(visit.loads).toBe(1);
});

function lines(from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index} of many\n`).join('');
}

/** Whether it lies in the visible part of its log. */
function inSight(line: Locator): Promise<boolean> {
  return line.evaluate((element) => {
    const [box, frame] = [element, element.closest('[role=log]') as Element].map((node) =>
      node.getBoundingClientRect(),
    );
    return box!.bottom <= frame!.bottom + 1 && box!.top >= frame!.top - 1;
  });
}

test('nothing that a script is called, says or fails with is taken for HTML', async () => {
  const tag = `<img src=x onerror=window.pwned=1>`;
  const script = await dashboard.das.putScript(
    `${tag}.py`,
    `import json, os
print("""${tag}<script>window.pwned=1</script>""", flush=True)
open(os.environ["DAS_RESULT_FILE"], "w").write(json.dumps({"""${tag}""": """${tag}"""}))
raise ValueError("""${tag}""")
`,
  );
  await dashboard.scan();
  const launch = (
    await dashboard.das.call('createLaunch', { body: { name: tag, items: [{ script, args: [tag] }, { script }] } })
  ).body;
  const id = launch.runs[0]?.id as string;
  await dashboard.das.waitFor(id);
  await using visit = await dashboard.visit(`/scripts?path=${encodeURIComponent(script)}`);
  const { page } = visit;
  const places: [string, number][] = [
    [`/scripts?path=${encodeURIComponent(script)}`, 3],
    [`/scripts?dir=${encodeURIComponent(dashboard.das.scriptsDir)}`, 1],
    ['/runs', 2],
    [`/runs/${id}`, 5],
    ['/launches', 1],
    [`/launches/${launch.id}`, 3],
  ];
  for (const [path, times] of places) {
    await page.goto(path);
    await soon(() => page.getByText(tag).count(), path).toBeGreaterThanOrEqual(times);
    expect(await page.locator('img').count(), path).toBe(0);
  }
  await visit
    .button(/^Output of/)
    .first()
    .click();
  await visit.sees(page.getByText(`ValueError: ${tag}`));
  expect(await page.locator('img').count()).toBe(0);
  expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
});
