/** Lines of a log that somebody marked; `from` ≤ `to`. */
export type LineRange = { from: number; to: number };

/** `#L12`, `#L12-L20` (also `#L12-20`, either way round); null for anything else. */
export function readLineRange(hash: string): LineRange | null {
  const match = /^#L([1-9]\d{0,14})(?:-L?([1-9]\d{0,14}))?$/.exec(hash);
  if (!match) return null;
  const [one, other] = [Number(match[1]), Number(match[2] ?? match[1])];
  return { from: Math.min(one, other), to: Math.max(one, other) };
}

export function writeLineRange({ from, to }: LineRange): string {
  return from === to ? `#L${from}` : `#L${from}-L${to}`;
}

/** The range from what was marked to `line`: what shift-click means. */
export function extendTo(marked: LineRange | null, line: number): LineRange {
  if (!marked) return { from: line, to: line };
  return line < marked.from ? { from: line, to: marked.to } : { from: marked.from, to: line };
}
