/** What this browser remembers of a person's choices. Without storage (it can be forbidden) a choice lasts as long as the page. */

/** Null where nothing was stored, or nothing can be. */
export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** `null` forgets it. */
export function remember(key: string, text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    // See above.
  }
}
