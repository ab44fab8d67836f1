import type { Attachment } from 'svelte/attachments';

/** Left free below, as the page leaves it around its cards. In px. */
const MARGIN = 20;

/**
 * Tells how many px lie between the top of an element and the lower edge of the box that scrolls it, as long as nothing was
 * scrolled; and tells it anew whenever the box or what stands above the element changes its size.
 */
export function roomBelow(tell: (px: number) => void): Attachment<HTMLElement> {
  return (element) => {
    const around = [...ancestors(element)];
    const box = around.at(-1);
    if (!box) return;
    const look = () => {
      const top = element.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop;
      tell(Math.floor(box.clientHeight - top - MARGIN));
    };
    // What it tells changes sizes itself: within the same frame that would be a loop.
    let frame = 0;
    const observer = new ResizeObserver(() => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(look);
    });
    for (const each of around) observer.observe(each);
    look();
    return () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
    };
  };
}

/** All that an element lies in, up to the box that scrolls. */
function* ancestors(element: HTMLElement): Generator<HTMLElement> {
  for (let at = element.parentElement; at; at = at.parentElement) {
    yield at;
    if (/auto|scroll/.test(getComputedStyle(at).overflowY)) return;
  }
}
