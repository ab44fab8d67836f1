import type { LogLine } from '@das/contracts/log';
import { progressKind, statesOf, type ProgressKind } from './progress.ts';

/** What is drawn as one: a line (or what one stream wrote of it), the last of some progress lines, or a gap. */
export type LogRow = {
  readonly key: string;
  /** Number of the first line and of the last one that it stands for. */
  readonly line: number;
  readonly to: number;
  /** Bytes that were dropped here; such a row has no text. */
  readonly gap: number;
  readonly item: LogLine;
  readonly text: string;
  /** The line's number was told by the row before. */
  readonly goesOn: boolean;
  /** States before `text` that are folded away, or shown: then as lines of their own, or in `earlier`. */
  readonly folded: number;
  readonly unfolded: boolean;
  readonly earlier: readonly string[];
};

/** `unfolded`: keys of the rows whose earlier states are to be seen. Line numbers stay those of the log, folded or not. */
export function rowsOf(items: readonly LogLine[], unfolded: readonly string[]): LogRow[] {
  const rows: LogRow[] = [];
  const parts = items.map((item) => look(item));
  for (let at = 0; at < parts.length;) {
    const { item } = parts[at] as Part;
    const gap = item.gap ? item.gap.end - item.gap.start : 0;
    if (gap > 0) rows.push(plain(item, { key: `gap${item.line}`, gap, text: '' }));
    const end = endOfProgress(parts, at);
    const key = `${item.line}.${item.offset}`;
    if (end - at > 1 && !unfolded.includes(key)) rows.push(foldedRow(parts.slice(at, end), key));
    else for (const part of parts.slice(at, end)) rows.push(lineRow(part, rows.at(-1), unfolded, end - at));
    at = end;
  }
  return rows;
}

type Part = { item: LogLine; shown: string; earlier: readonly string[]; progress: ProgressKind | null };

const looked = new WeakMap<LogLine, Part>();

/** Once per line, however often rows are made of it. */
function look(item: LogLine): Part {
  const known = looked.get(item);
  if (known) return known;
  const { shown, earlier } = statesOf(item.text);
  const part = { item, shown, earlier, progress: progressKind(shown) };
  looked.set(item, part);
  return part;
}

/** Where progress lines of one kind and stream end; one further where `at` is none. */
function endOfProgress(parts: readonly Part[], at: number): number {
  const first = parts[at] as Part;
  let end = at + 1;
  const isSame = ({ progress, item }: Part) =>
    progress === first.progress && item.stream === first.item.stream && !item.gap;
  if (first.progress) while (parts[end] && isSame(parts[end] as Part)) end += 1;
  return end;
}

function foldedRow(parts: readonly Part[], key: string): LogRow {
  const [first, last] = [parts[0] as Part, parts.at(-1) as Part];
  const folded = parts.reduce((sum, { earlier }) => sum + earlier.length + 1, 0) - 1;
  return { ...plain(last.item, { key, text: last.shown }), line: first.item.line, to: last.item.line, folded };
}

function lineRow(
  { item, shown, earlier }: Part,
  above: LogRow | undefined,
  unfolded: readonly string[],
  together: number,
) {
  const key = `${item.line}.${item.offset}`;
  const isOpen = unfolded.includes(key);
  const folded = Math.max(earlier.length, isOpen ? together - 1 : 0);
  const goesOn = above !== undefined && above.gap === 0 && above.to === item.line;
  return { ...plain(item, { key, text: shown }), goesOn, folded, unfolded: isOpen, earlier: isOpen ? earlier : [] };
}

function plain(item: LogLine, { key, text, gap = 0 }: { key: string; text: string; gap?: number }): LogRow {
  return {
    key,
    line: item.line,
    to: item.line,
    gap,
    item,
    text,
    goesOn: false,
    folded: 0,
    unfolded: false,
    earlier: [],
  };
}
