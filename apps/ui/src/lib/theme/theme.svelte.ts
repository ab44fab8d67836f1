export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** The chosen theme; `static/theme.js` applies it before the first paint. */
class ThemeChoice {
  current = $state<Theme>(stored());

  choose(theme: Theme): void {
    this.current = theme;
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
    try {
      localStorage.setItem('das.theme', theme);
    } catch {
      // No storage: the choice lasts until the page is left.
    }
  }

  next(): void {
    this.choose(THEMES[(THEMES.indexOf(this.current) + 1) % THEMES.length] ?? 'system');
  }
}

function stored(): Theme {
  try {
    const theme = localStorage.getItem('das.theme');
    return THEMES.find((known) => known === theme) ?? 'system';
  } catch {
    return 'system';
  }
}

export const theme = new ThemeChoice();
