import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dashboard, soon } from './dashboard.ts';

/** What a run's page tells besides its log: why it failed and what to try, when it did what, what differs. Without Spark. */
let dashboard: Dashboard;
beforeAll(async () => {
  dashboard = await Dashboard.open({ stub: true });
});
afterAll(() => dashboard[Symbol.asyncDispose]());

const FAILS = `import sys

ROWS = ["10", "twelve"]


def total(rows):
    return sum(int(row) for row in rows)


print(total(ROWS))
`;
const FAILS_ONCE = `import os, time
time.sleep(0.3)
if os.environ["DAS_ATTEMPT"] == "1":
    raise ConnectionError("the source did not answer")
print("fine")
`;

test('a failed run shows the line of the script that broke, and what to try', async () => {
  const script = await dashboard.das.putScript('fails.py', FAILS);
  const run = await dashboard.das.runToEnd({ script });
  await using visit = await dashboard.visit(`/runs/${run.id}`);
  const card = visit.page.getByRole('region', { name: 'Failure' });
  await visit.sees(card.getByText("ValueError: invalid literal for int() with base 10: 'twelve'").first());
  const line = card.locator('[aria-current]');
  await visit.sees(line);
  expect(await line.innerText()).toMatch(/^7\s+return sum\(int\(row\) for row in rows\)$/);
  await card.getByRole('button', { name: 'line 10' }).click();
  expect(await line.innerText()).toMatch(/^10\s+print\(total\(ROWS\)\)$/);
  await visit.sees(card.getByText('mend the script or its arguments'));
  await visit.sees(card.getByText('No retry followed: the run was given none.'));
  expect(await visit.page.title()).toMatch(/^Failed · fails\.py/);
});

test('the end of a live log is in the window, whatever comes above it', async () => {
  const { das } = dashboard;
  const script = await das.putScript(
    'talks.py',
    'import time\nfor n in range(200): print("said", n, flush=True)\ntime.sleep(600)\n',
  );
  const run = await das.submit({ script });
  await using visit = await dashboard.visit(`/runs/${run.id}`);
  const { page } = visit;
  const log = page.getByRole('log');
  await visit.sees(log.getByText('said 199'));
  const end = async () => {
    const box = await log.boundingBox();
    return box ? box.y + box.height : NaN;
  };
  await soon(end).toBeLessThanOrEqual(900);
  expect(await end(), 'it fills the window').toBeGreaterThan(860);
  await page.setViewportSize({ width: 1440, height: 760 });
  await soon(end).toBeLessThanOrEqual(760);
  // The table of the timeline takes its room from the log, down to what can still be read.
  await page.setViewportSize({ width: 1440, height: 1000 });
  await page.getByText('As a table').click();
  await soon(end).toBeLessThanOrEqual(1000);
  await das.call('cancelRun', { params: { id: run.id } });
});

test('a run and its history are read once for each of its states', async () => {
  const script = await dashboard.das.putScript('once.py', 'print("fine")\n');
  const run = await dashboard.das.runToEnd({ script });
  await using visit = await dashboard.visit('/runs');
  const { page } = visit;
  await visit.sees(page.getByRole('status', { name: 'Connection' }).getByText('Live'));
  const asked: string[] = [];
  page.on('request', (request) => {
    const [, what] = /\/api\/v1\/runs\/[0-9A-Z]{26}(|\/events)$/.exec(request.url()) ?? [];
    if (what !== undefined) asked.push(what || 'run');
  });
  await page.getByRole('link', { name: /^once\.py/ }).click();
  await visit.sees(page.getByRole('heading', { name: 'History' }));
  await page.waitForLoadState('networkidle');
  expect(asked).toEqual(['run', '/events']);
  // By its address the page does not wait for the socket: the run is read again when it is there, its history only if it went on.
  asked.length = 0;
  await page.goto(`/runs/${run.id}`);
  await visit.sees(page.getByRole('status', { name: 'Connection' }).getByText('Live'));
  await page.waitForLoadState('networkidle');
  expect(asked.filter((what) => what === '/events')).toHaveLength(1);
});

test('out of memory: one click prepares a re-run with twice the memory', async () => {
  const source = 'raise MemoryError("java heap")\n';
  const script = await dashboard.das.putScript('hungry.py', source);
  const run = await dashboard.das.runToEnd({ script, conf: { 'spark.driver.memory': '512m' } });
  expect(run.failure?.kind).toBe('out_of_memory');
  await using visit = await dashboard.visit(`/runs/${run.id}`);
  const { page, dialog } = visit;
  await visit.button('Run again with 2× memory').click();
  await visit.sees(dialog.getByText('both are the same'));
  expect(await dialog.getByRole('textbox', { name: 'Spark settings: value 1' }).inputValue()).toBe('1g');
  await visit.button('Re-run', dialog).click();
  await page.waitForURL((url) => !url.pathname.endsWith(run.id));
  await visit.sees(page.getByRole('region', { name: 'Settings' }).getByText('spark.driver.memory=1g'));
  const again = await dashboard.das.run(page.url().split('/').at(-1) ?? '');
  expect([again.conf, again.rerunOf]).toEqual([{ 'spark.driver.memory': '1g' }, run.id]);
});

test('the timeline of a retried run tells attempts and waits, by mouse, by keys and as a table', async () => {
  const { das } = dashboard;
  const script = await das.putScript('fails_once.py', FAILS_ONCE);
  const slow = await das.putScript('takes_a_place.py', 'import time\ntime.sleep(600)\n');
  const { total } = (await das.call('getOverview')).body.places;
  const retries = { max: 2, backoff: 'exponential', delayMs: 3000, jitter: 0 } as const;
  const run = await das.submit({ script, retries });
  // Others take all places, its own one as soon as it has failed: once its delay is over it is queued.
  const others = await Promise.all(Array.from({ length: total }, () => das.submit({ script: slow })));
  await using visit = await dashboard.visit(`/runs/${run.id}`);
  const timeline = visit.page.getByRole('region', { name: 'Timeline' });
  const delay = timeline.getByRole('button', { name: /^Delay before the retry, attempt 2, .* to \d\S+, 3\.0 s$/ });
  const queued = timeline.getByRole('button', { name: /^Queued for a place, attempt 2/ });
  await visit.sees(timeline.getByRole('button', { name: /^Queued for a place, attempt 2, .* to now/ }));
  await visit.sees(delay);
  const look = (what: typeof delay) =>
    what.evaluate((bar) => [getComputedStyle(bar).backgroundColor, getComputedStyle(bar).backgroundImage]);
  const [ofDelay, ofQueued] = await Promise.all([look(delay), look(queued)]);
  for (const [index, way] of ['colour', 'pattern'].entries()) expect(ofDelay[index], way).not.toBe(ofQueued[index]);

  // When it has found one, both stand as they were.
  for (const { id } of others) await das.call('cancelRun', { params: { id } });
  await das.waitFor(run.id);
  await visit.sees(visit.fact('Attempt').getByText('2 were made'));
  await visit.sees(queued);
  await delay.hover();
  const told = timeline.getByTestId('segment');
  await soon(() => told.innerText()).toMatch(/^Delay before the retry\s+\d\d:\d\d:\d\d – \d\d:\d\d:\d\d · 3\.0 s$/);
  await timeline.getByRole('button', { name: /^Running, attempt 1/ }).focus();
  await visit.page.keyboard.press('ArrowRight');
  await soon(() => told.innerText()).toMatch(/^Delay before the retry/);
  await visit.page.keyboard.press('ArrowRight');
  await soon(() => told.innerText()).toMatch(/^Queued for a place/);
  await timeline.getByText('As a table').click();
  const rows = timeline.getByRole('row');
  await soon(async () => (await rows.allInnerTexts()).map((row) => row.split('\t').slice(0, 2).join(' '))).toEqual(
    expect.arrayContaining(['1 Running', '2 Delay before the retry', '2 Queued for a place', '2 Running']),
  );
});

test('what differs from the last good run: arguments, settings and the script itself', async () => {
  const script = await dashboard.das.putScript('differs.py', 'import sys\nprint("good", sys.argv[1:])\n');
  const good = await dashboard.das.runToEnd({ script, args: ['a'], retries: 1 });
  await dashboard.das.putScript('differs.py', 'import sys\nprint("worse", sys.argv[1:])\nsys.exit(3)\n');
  await sleep(1000); // what a submission knows of a file may be a second old
  const bad = await dashboard.das.runToEnd({ script, args: ['b'] });
  await using visit = await dashboard.visit(`/runs/${bad.id}`);
  const since = visit.page.getByRole('region', { name: 'Since the last good run' });
  await visit.sees(since.getByRole('link', { name: `…${good.id.slice(-8)}` }));
  await visit.sees(since.getByText('− "a"'));
  await visit.sees(since.getByText('+ "b"'));
  await visit.button('Show what changed', since).click();
  const diff = visit.dialog.getByTestId('diff');
  await visit.sees(diff.getByRole('status').getByText('1 change'));
  expect(await diff.getByRole('textbox', { name: 'Last good run' }).innerText()).toContain('"good"');
  expect(await diff.getByRole('textbox', { name: 'This run' }).innerText()).toContain('sys.exit(3)');
});

test('a cancel tells how far the kill is, and how it ended', async () => {
  const source =
    'import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint("up", flush=True)\ntime.sleep(600)\n';
  const run = await dashboard.das.submit({ script: await dashboard.das.putScript('deaf.py', source) });
  await using visit = await dashboard.visit(`/runs/${run.id}`);
  await visit.sees(visit.page.getByRole('log').getByText('up'));
  await visit.button('Cancel').click();
  await visit.button('Cancel the run', visit.dialog).click();
  const kill = visit.page.getByTestId('kill');
  await visit.sees(kill.getByText(/^Asked to end \d s ago \(SIGTERM\)/));
  await visit.sees(kill.getByText(/^It did not end when asked to \(SIGTERM\), and was killed after 1\.5 s/));
  const { attempts } = await dashboard.das.run(run.id);
  expect(Date.parse(attempts[0]?.stopping?.killAt ?? '')).toBeLessThanOrEqual(
    Date.parse(attempts[0]?.finishedAt ?? ''),
  );
});

test('slower than usual is said, against the runs before it', async () => {
  const source = 'import sys, time\ntime.sleep(float(sys.argv[1]))\n';
  const script = await dashboard.das.putScript('varies.py', source);
  for (let n = 0; n < 3; n += 1) await dashboard.das.runToEnd({ script, args: ['0'] });
  const slow = await dashboard.das.submit({ script, args: ['600'] });
  await using visit = await dashboard.visit(`/runs/${slow.id}`);
  await visit.sees(visit.page.getByTestId('usual').getByText(/× the usual \d+/));
  // What goes on has not taken its time yet.
  await visit.sees(visit.fact('Took so far').getByText(/^\d+ s$/));
  expect(await visit.fact('Took').count()).toBe(0);
  await dashboard.das.call('cancelRun', { params: { id: slow.id } });
  await visit.sees(visit.fact('Took'));
});

test('a result is a table where it is one, and a tree where it is not', async () => {
  const source = `import json, os
value = {"rows": [{"city": "Oslo", "n": 3}, {"city": "Rome", "n": 12}], "deep": {"a": [1, 2]}}
open(os.environ["DAS_RESULT_FILE"], "w").write(json.dumps(value))
`;
  const run = await dashboard.das.runToEnd({ script: await dashboard.das.putScript('nested.py', source) });
  await using visit = await dashboard.visit(`/runs/${run.id}`);
  const result = visit.page.getByRole('region', { name: 'Result' });
  const table = result.getByRole('table', { name: 'rows' });
  await visit.sees(table);
  expect((await table.getByRole('row').allInnerTexts()).map((row) => row.split('\t'))).toEqual([
    ['city', 'n'],
    ['Oslo', '3'],
    ['Rome', '12'],
  ]);
  await visit.sees(result.getByText('deep'));
});
