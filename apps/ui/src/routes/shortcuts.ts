import { goto } from '$app/navigation';
import { resolve } from '$app/paths';

const places = { s: '/scripts', r: '/runs', l: '/launches', w: '/workers', y: '/system' } as const;
/** How long after `g` its second key counts, in ms. */
const CHORD_MS = 1200;
let chordAt = 0;

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** `/` focuses the page's search; `g` then `s`, `r`, `l`, `w` or `y` goes to a page. */
export function onKeydown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.querySelector('[role="dialog"]')) return;
  if (event.key === '/') {
    const search = document.querySelector<HTMLInputElement>('input[data-search]');
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === 'g') {
    chordAt = event.timeStamp;
  } else if (event.timeStamp - chordAt < CHORD_MS && event.key in places) {
    chordAt = 0;
    void goto(resolve(places[event.key as keyof typeof places]));
  }
}
