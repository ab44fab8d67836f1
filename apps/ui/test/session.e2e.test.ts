import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dashboard, soon } from './dashboard.ts';
import type { Visit } from './dashboard.ts';

/** Who may look, and what is seen while the API is away. */
const TOKEN = 'a-token_that.is+long/enough=';
let dashboard: Dashboard;
beforeAll(async () => {
  dashboard = await Dashboard.open({ stub: true, apiEnv: { API_TOKEN: TOKEN } });
  await dashboard.das.putScript('hello.py', 'print("hello")\n');
  await dashboard.scan();
});
afterAll(() => dashboard[Symbol.asyncDispose]());

async function signIn(visit: Visit, token = TOKEN): Promise<void> {
  await visit.page.getByLabel('Token').fill(token);
  await visit.button('Sign in').click();
}

test('without the token nothing is shown; with it everything, until one signs out', async () => {
  await using visit = await dashboard.visit('/runs?state=failed');
  const { page } = visit;
  await visit.sees(page.getByRole('heading', { name: 'Sign in to DAS', level: 1 }));
  expect(await page.getByRole('navigation').count()).toBe(0);
  await signIn(visit, 'something else');
  await visit.sees(page.getByRole('alert').getByText('This token is not the right one.'));
  await signIn(visit);
  // Where one wanted to go.
  await visit.sees(page.getByRole('heading', { name: 'Runs', level: 1 }));
  expect(new URL(page.url()).search).toBe('?state=failed');
  await visit.sees(page.getByRole('status', { name: 'Connection' }).getByText('Live'));
  const [cookie] = await page.context().cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
  expect(cookie?.value).not.toContain(TOKEN);

  await page.reload();
  await visit.sees(page.getByText('No run matches these filters'));
  await visit.button('Sign out').click();
  await visit.sees(page.getByRole('heading', { name: 'Sign in to DAS' }));
  await page.goto('/scripts');
  await visit.sees(page.getByRole('heading', { name: 'Sign in to DAS' }));
});

test('the sign-in cannot be loaded: said, with what to do, instead of an empty page', async () => {
  await using visit = await dashboard.visit('about:blank');
  const { page } = visit;
  await page.route(/\.js$/, async (route) => {
    const response = await route.fetch();
    const isSignIn = (await response.text()).includes('is protected by a token');
    await (isSignIn ? route.abort() : route.fulfill({ response }));
  });
  await page.goto('/runs');
  await visit.sees(page.getByRole('alert').getByText('The sign-in could not be loaded. Reload the page'));
  await page.unrouteAll({ behavior: 'wait' });
  await page.reload();
  await visit.sees(page.getByRole('heading', { name: 'Sign in to DAS', level: 1 }));
});

test('the API dies and comes back: told at once, and what came meanwhile is shown without a reload', async () => {
  const { das } = dashboard;
  await using visit = await dashboard.visit('/runs');
  const { page } = visit;
  const connection = page.getByRole('status', { name: 'Connection' });
  await signIn(visit);
  const before = await das.submit({ script: `${das.scriptsDir}/hello.py`, labels: { when: 'before' } });
  await visit.sees(visit.state('Completed'));
  await visit.sees(connection.getByText('Live'));

  const { pid } = das.apis[0]!;
  das.kill(pid);
  await visit.sees(page.getByRole('alert').getByText('No live connection'));
  await visit.sees(page.getByRole('alert').getByText(/^what you see is \d+ s old$/));
  await visit.sees(connection.getByText(/Reconnecting|Disconnected/));
  // What was there is still there to read.
  await visit.sees(page.getByRole('link', { name: 'hello.py' }));
  await visit.button('Connect now').click();

  await das.addApi({ API_PORT: new URL(das.url).port });
  const meanwhile = await das.submit({ script: `${das.scriptsDir}/hello.py` });
  await das.waitFor(meanwhile.id);
  await visit.sees(connection.getByText('Live'));
  await visit.seesNoMore(page.getByText('No live connection'));
  const hrefs = () =>
    page.getByRole('link', { name: 'hello.py' }).evaluateAll((links) => links.map((a) => a.getAttribute('href')));
  await soon(hrefs).toEqual([`/runs/${meanwhile.id}`, `/runs/${before.id}`]);
  // And it is live again.
  await das.submit({ script: `${das.scriptsDir}/hello.py` });
  await soon(async () => (await hrefs()).length).toBe(3);
  expect(visit.loads).toBe(1);
});
