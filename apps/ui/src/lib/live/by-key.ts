/**
 * `items` by their key, in their order: the scratch map with which a live list takes in what the socket says.
 * It is never state itself (the list made from it is), so it is a plain Map.
 */
export function byKey<T>(items: readonly T[], key: (item: T) => string): Map<string, T> {
  return new Map(items.map((item) => [key(item), item]));
}

export const byId = <T extends { id: string }>(items: readonly T[]): Map<string, T> => byKey(items, (item) => item.id);
