import type { Locator } from 'playwright-core';

/** Numbers of the lines of a log that are in sight. */
export const inSight = (log: Locator) =>
  log.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return [...element.querySelectorAll<HTMLElement>('[data-line]')]
      .filter((row) => row.getBoundingClientRect().bottom > top + 1 && row.getBoundingClientRect().top < bottom - 1)
      .map((row) => Number(row.dataset['line']));
  });
