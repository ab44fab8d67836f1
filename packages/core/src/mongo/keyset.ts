/** One page of a list and the key to go on after; null at the end. */
export type KeysetPage<T> = { items: T[]; next: string | null };

/** Where a page begins (after this key) and how long it is. */
export type Keyset = { limit: number; after?: string | undefined };

/** Cuts what was read with `limit + 1` into a page. */
export function cutPage<T extends { _id: string }>(read: T[], limit: number): KeysetPage<T> {
  const items = read.slice(0, limit);
  return { items, next: read.length > limit ? (items.at(-1)?._id ?? null) : null };
}
