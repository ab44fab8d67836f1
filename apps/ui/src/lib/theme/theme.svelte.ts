import { remember, remembered } from '../ui/remembered.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** The chosen theme; `static/theme.js` applies it before the first paint. */
class ThemeChoice {
  current = $state<Theme>(stored());

  choose(theme: Theme): void {
    this.current = theme;
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
    remember('das.theme', theme);
  }

  next(): void {
    this.choose(THEMES[(THEMES.indexOf(this.current) + 1) % THEMES.length] ?? 'system');
  }
}

function stored(): Theme {
  const theme = remembered('das.theme');
  return THEMES.find((known) => known === theme) ?? 'system';
}

export const theme = new ThemeChoice();
