const UNITS = { k: 1, m: 1024, g: 1024 ** 2, t: 1024 ** 3 } as const;

/** What Spark takes where nothing is set. */
export const DEFAULT_DRIVER_MEMORY = '1g';

/** Twice a size as Spark writes it (`512m` → `1g`, `1500m` → `3000m`); null if it is none. */
export function doubled(memory: string): string | null {
  const [, number, unit] = /^(\d+)([kmgt])b?$/i.exec(memory.trim()) ?? [];
  if (number === undefined || unit === undefined) return null;
  const kib = Number(number) * 2 * UNITS[unit.toLowerCase() as keyof typeof UNITS];
  const fits = (['t', 'g', 'm', 'k'] as const).find((name) => kib % UNITS[name] === 0) ?? 'k';
  return `${kib / UNITS[fits]}${fits}`;
}
