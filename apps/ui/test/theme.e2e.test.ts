import type { Page } from 'playwright-core';
import { test } from 'vitest';
import { Dashboard, soon } from './dashboard.ts';

test('light and dark: as the system is, or as one chose, which is remembered', async () => {
  await using dashboard = await Dashboard.open({ stub: true });
  await using visit = await dashboard.visit('/runs', { colorScheme: 'dark' });
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
