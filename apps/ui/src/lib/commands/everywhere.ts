import { goto } from '$app/navigation';
import { resolve } from '$app/paths';
import { theme, THEMES } from '../theme/theme.svelte.ts';
import { times } from '../time/clock.svelte.ts';
import { copyText } from '../ui/clipboard.ts';
import { notify } from '../ui/notify.ts';
import { commands, type CommandGroup } from './commands.svelte.ts';
import { moveRow, selectRow } from './rows.ts';
import { scanWithToast } from './scan-with-toast.ts';

/** Focuses the page's search box; false where it has none. */
function focusSearch(): boolean {
  const search = document.querySelector<HTMLInputElement>('input[data-search]');
  search?.focus();
  search?.select();
  return search !== null;
}

async function copyLink(): Promise<void> {
  if (await copyText(location.href)) await notify.success('The link is copied');
}

/** They need a row that has the focus: not for the palette. */
export const IN_LISTS = 'In lists';

/** What can be done on every page. The page's own commands come after these, and win. */
export const everywhere: readonly CommandGroup[] = [
  {
    page: 'Everywhere',
    commands: [
      { label: 'Search and commands', keys: 'mod+k', run: () => (commands.open = 'palette') },
      { label: 'Search on this page', keys: '/', run: focusSearch },
      { label: 'Keyboard shortcuts', keys: '?', run: () => (commands.open = 'help'), also: 'help keys' },
    ],
  },
  {
    page: 'Go to',
    commands: [
      { label: 'Scripts', keys: 'g s', run: () => goto(resolve('/scripts')), also: 'files preview launch' },
      { label: 'Runs', keys: 'g r', run: () => goto(resolve('/runs')), also: 'failed history' },
      { label: 'Launches', keys: 'g l', run: () => goto(resolve('/launches')), also: 'summary' },
      { label: 'Workers', keys: 'g w', run: () => goto(resolve('/workers')), also: 'places queue wait' },
      { label: 'System', keys: 'g y', run: () => goto(resolve('/system')), also: 'health settings mongodb redis hdfs' },
    ],
  },
  {
    page: IN_LISTS,
    commands: [
      { label: 'Next row', keys: 'j', run: () => moveRow(1) },
      { label: 'Previous row', keys: 'k', run: () => moveRow(-1) },
      { label: 'Open the row', keys: 'Enter' },
      { label: 'Select the row', keys: 'x', run: selectRow },
    ],
  },
  {
    page: 'Actions',
    commands: [
      { label: 'Scan now', run: scanWithToast, also: 'hdfs find new scripts refresh' },
      { label: 'Copy the link to this page', run: copyLink, also: 'url address share' },
      ...THEMES.map((name) => ({
        label: `Theme: ${name}`,
        run: () => theme.choose(name),
        also: 'dark light colours appearance',
      })),
      { label: 'Times: relative or absolute', run: () => times.toggle(), also: 'dates clock zone ago' },
    ],
  },
];
