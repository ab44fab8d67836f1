/** Stands in a cause for what differs from run to run: a number, an id, a path. */
export const VARIES = '…';

/** Whether a summary has this cause: `…` stands for any text, everything else for itself. */
export function hasCause(summary: string, cause: string): boolean {
  const [first = '', ...others] = cause.split(VARIES);
  const last = others.pop();
  if (last === undefined) return summary === cause;
  if (!summary.startsWith(first)) return false;
  let from = first.length;
  for (const part of others) {
    const at = summary.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return summary.length - last.length >= from && summary.endsWith(last);
}
