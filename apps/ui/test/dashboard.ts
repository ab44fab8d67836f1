import { Das } from '@das/testkit/das';
import type { DasOptions } from '@das/testkit/das';
import { launchBrowser } from '@das/testkit/browser';
import { eventually } from '@das/testkit/eventually';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** A machine with two busy cores: what takes 0.2 s alone may take ten. */
export const PATIENCE_MS = 30_000;
export const DESK = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** What the browser says when a call is refused or the API is away: several tests want just that. */
const EXPECTED = /Failed to load resource|WebSocket connection to|net::ERR_/;

/** `await soon(() => …).toBe(…)`: looks again until it holds. */
export const soon = <T>(look: () => Promise<T> | T, message?: string) =>
  expect.poll(look, { timeout: PATIENCE_MS, ...(message === undefined ? {} : { message }) });

/** DAS and a browser on its dashboard: one of each per test file. */
export class Dashboard implements AsyncDisposable {
  readonly das: Das;
  readonly browser: Browser;
  /** Uncaught errors and complaints of the browser (its content security policy's, too) in any page. */
  readonly faults: string[] = [];

  private constructor(das: Das, browser: Browser) {
    this.das = das;
    this.browser = browser;
  }

  static async open(options: DasOptions = {}): Promise<Dashboard> {
    const [das, browser] = await Promise.allSettled([Das.start(options), launchBrowser()]);
    if (das.status === 'fulfilled' && browser.status === 'fulfilled') return new Dashboard(das.value, browser.value);
    if (das.status === 'fulfilled') await das.value[Symbol.asyncDispose]();
    if (browser.status === 'fulfilled') await browser.value.close();
    throw das.status === 'rejected' ? das.reason : (browser as PromiseRejectedResult).reason;
  }

  /** A page of a browser session of its own, at an address of the dashboard. Dispose it: that ends the session. */
  async visit(path: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const context = await this.browser.newContext({
      baseURL: this.das.url,
      viewport: DESK,
      reducedMotion: 'reduce',
      ...options,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const visit = new Visit(page);
    page.on('pageerror', (error) => this.faults.push(`${page.url()}: ${error.stack ?? error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error' && !EXPECTED.test(message.text())) this.faults.push(message.text());
    });
    await page.goto(path);
    return visit;
  }

  /** Scans, and waits for its end: afterwards every script is listed, and no scan runs by itself. */
  async scan(): Promise<void> {
    const { id } = (await this.das.call('startScan')).body;
    await eventually(
      'the scan is done',
      async () => (await this.das.call('getScan', { params: { id } })).body.state,
      (state) => state === 'done',
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    await this.das[Symbol.asyncDispose]();
    if (this.faults.length > 0) throw new Error(`the browser complained:\n${this.faults.join('\n')}`);
  }
}

/** One person's look at the dashboard. */
export class Visit implements AsyncDisposable {
  readonly page: Page;
  /** How often a document was loaded: what changes without a reload leaves it. */
  loads = 0;

  constructor(page: Page) {
    this.page = page;
    page.on('load', () => (this.loads += 1));
  }

  /** Waits until it is seen. */
  sees(what: Locator | string, withinMs = PATIENCE_MS): Promise<void> {
    const locator = typeof what === 'string' ? this.page.getByText(what) : what;
    return this.#waitFor(locator, 'visible', withinMs);
  }

  seesNoMore(what: Locator, withinMs = PATIENCE_MS): Promise<void> {
    return this.#waitFor(what, 'hidden', withinMs);
  }

  /** Fails with what the page shows instead. */
  async #waitFor(what: Locator, state: 'visible' | 'hidden', timeout: number): Promise<void> {
    try {
      await what.first().waitFor({ state, timeout });
    } catch (error) {
      const shown = await this.page.locator('body').ariaSnapshot();
      throw new Error(`${what.toString()} is not ${state} within ${timeout} ms. The page:\n${shown}`, { cause: error });
    }
  }

  button(name: string | RegExp, within: Page | Locator = this.page): Locator {
    return within.getByRole('button', typeof name === 'string' ? { name, exact: true } : { name });
  }

  /** The dialog that is open. */
  get dialog(): Locator {
    return this.page.getByRole('dialog');
  }

  /** The value of a fact such as "Exit code". */
  fact(name: string): Locator {
    return this.page
      .getByRole('term')
      .filter({ hasText: new RegExp(`^${name}$`) })
      .locator('xpath=following-sibling::dd');
  }

  /** A state word, as badges show it. */
  state(word: string, within: Page | Locator = this.page): Locator {
    return within.getByTitle(word, { exact: true }).getByText(word, { exact: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}
