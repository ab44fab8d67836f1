/** A page somebody was on. */
export type Visited = { href: string; title: string };

const KEPT = 6;
const KEY = 'das.recent';

/** The runs, launches and scripts this tab was on last, newest first. Kept for the tab's life only, as it tells what people read. */
class Recent {
  pages = $state.raw<readonly Visited[]>(stored());

  visit(page: Visited): void {
    this.pages = [page, ...this.pages.filter((other) => other.href !== page.href)].slice(0, KEPT);
    try {
      sessionStorage.setItem(KEY, JSON.stringify(this.pages));
    } catch {
      // No storage: it lasts until the page is left.
    }
  }
}

function stored(): Visited[] {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as Visited[];
  } catch {
    return [];
  }
}

export const recent = new Recent();
