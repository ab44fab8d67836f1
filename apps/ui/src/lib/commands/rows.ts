/**
 * Moving through the rows of any list by keyboard. A row is whatever a page marks with `data-row`; what opens it is its
 * `data-door`, else its first link or button; what selects it is its checkbox. Lists that hold only the rows in sight keep working: a row
 * that gets the focus scrolls into sight, and its neighbours come.
 */
const rows = () =>
  [...document.querySelectorAll<HTMLElement>('main [data-row]')].filter((row) => row.checkVisibility());
const current = () => document.activeElement?.closest<HTMLElement>('[data-row]') ?? null;
const door = (row: HTMLElement) =>
  row.querySelector<HTMLElement>('[data-door]') ?? row.querySelector<HTMLElement>('a[href], button');

/** Focuses the next or the previous row; the first in sight where none has the focus. False without rows. */
export function moveRow(by: 1 | -1): boolean {
  const all = rows();
  const held = current();
  const at = held ? all.indexOf(held) : all.findIndex((row) => row.getBoundingClientRect().bottom > 60) - by;
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  if (!next) return false;
  door(next)?.focus({ preventScroll: true });
  next.scrollIntoView({ block: 'nearest' });
  return true;
}

/** Ticks or unticks the row that has the focus. */
export function selectRow(): boolean {
  const box = current()?.querySelector<HTMLElement>('input[type="checkbox"]');
  box?.click();
  return box !== undefined && box !== null;
}
