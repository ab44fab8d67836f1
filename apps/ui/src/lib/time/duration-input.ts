/** Durations as people type them, and as they are written back into the field. Pure. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS: Record<string, number> = { ms: 1, s: 1000, m: MINUTE, min: MINUTE, h: HOUR, d: DAY };

/** `500ms`, `10s`, `1.5m`, `2h`, `1h 30m`; a bare number is seconds. Null when it is not a duration. */
export function parseDuration(text: string): number | null {
  const trimmed = text.trim().toLowerCase();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Math.round(Number(trimmed) * 1000);
  if (!/^(\d+(\.\d+)?\s*(ms|min|s|m|h|d)\s*)+$/.test(trimmed)) return null;
  let total = 0;
  for (const [, number, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)\s*(ms|min|s|m|h|d)/g)) {
    total += Number(number) * (UNITS[unit ?? ''] ?? 0);
  }
  return Math.round(total);
}

/** What {@link parseDuration} reads back: `90s`, `500ms`. */
export function writeDuration(ms: number): string {
  if (ms > 0 && ms % HOUR === 0) return `${ms / HOUR}h`;
  if (ms > 0 && ms % MINUTE === 0) return `${ms / MINUTE}m`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
