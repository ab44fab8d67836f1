import { findChromium } from '@das/local/machine';
import { silentSteps } from '@das/local/steps';
import { chromium, type Browser } from 'playwright-core';

const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Chromium or Chrome of this machine (CHROMIUM names another one). Throws MissingError, which says how to install it. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = await findChromium({ env: process.env, steps: silentSteps });
  // Chromium's sandbox does not work for root.
  const args = process.getuid?.() === 0 ? [...FLAGS, '--no-sandbox'] : FLAGS;
  return chromium.launch({ executablePath, args });
}
