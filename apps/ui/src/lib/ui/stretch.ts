/** What is shown from `anchor` to `to`, both with it, in either direction; `to` alone where one of them is not shown. */
export function stretch(shown: readonly string[], anchor: string | null, to: string): readonly string[] {
  const from = anchor === null ? -1 : shown.indexOf(anchor);
  const end = shown.indexOf(to);
  return from >= 0 && end >= 0 ? shown.slice(Math.min(from, end), Math.max(from, end) + 1) : [to];
}
