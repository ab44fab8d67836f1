export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type Row = Record<string, Json>;

export type ResultShape =
  | { kind: 'table'; columns: string[]; rows: Row[]; total: number }
  | { kind: 'facts'; entries: [string, Json][] }
  | { kind: 'json' };

/** A page must stay quick whatever a script leaves: 64 KiB of JSON can be many rows. */
const MAX_ROWS = 200;
const MAX_COLUMNS = 30;

/** How a result reads best: a list of flat objects as a table, an object as names and values, anything else as JSON. Pure. */
export function shapeOf(value: unknown): ResultShape {
  if (Array.isArray(value) && value.length > 0 && value.every(isFlat)) {
    const rows = (value as Row[]).slice(0, MAX_ROWS);
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    if (columns.length > 0 && columns.length <= MAX_COLUMNS)
      return { kind: 'table', columns, rows, total: value.length };
  }
  if (isRecord(value) && Object.keys(value).length > 0) return { kind: 'facts', entries: Object.entries(value) };
  return { kind: 'json' };
}

export function isRecord(item: unknown): item is Row {
  return typeof item === 'object' && item !== null && !Array.isArray(item);
}

function isFlat(item: unknown): boolean {
  return isRecord(item) && Object.values(item).every((inner) => typeof inner !== 'object' || inner === null);
}

/** A single value as text; strings without their quotes. */
export function asText(item: Json | undefined): string {
  return item === undefined ? '' : typeof item === 'string' ? item : JSON.stringify(item);
}
