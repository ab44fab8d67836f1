export type Span = { text: string; style: string };

/** Longer lines are cut for the eye (never in the download): one line must not freeze the page. */
const LONGEST_LINE = 8000;
// Escape sequences: CSI (of which only SGR, ending in m, colours), OSC, and two-character ones.
// eslint-disable-next-line no-control-regex -- escape characters are what it looks for
const ESCAPE = /\u001b(?:\[([0-9;:?]*)[ -/]*([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_=>])/g;
const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

/** A log line as coloured text. Never HTML: spans are text nodes with a class. */
export function toSpans(line: string): Span[] {
  const cut =
    line.length > LONGEST_LINE
      ? `${line.slice(0, LONGEST_LINE)} … ${line.length - LONGEST_LINE} more characters`
      : line;
  const shown = afterCarriageReturn(cut);
  if (!shown.includes('\u001b')) return [{ text: shown, style: '' }];
  const spans: Span[] = [];
  let style = '';
  let from = 0;
  for (const match of shown.matchAll(ESCAPE)) {
    if (match.index > from) spans.push({ text: shown.slice(from, match.index), style });
    if (match[2] === 'm') style = restyle(style, match[1] ?? '');
    from = match.index + match[0].length;
  }
  if (from < shown.length) spans.push({ text: shown.slice(from), style });
  return spans;
}

/** A progress bar rewrites its line: what was written last stays. */
function afterCarriageReturn(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line;
  return text.slice(text.lastIndexOf('\r') + 1);
}

function restyle(style: string, codes: string): string {
  let classes = style.split(' ').filter(Boolean);
  const without = (prefix: string) => classes.filter((name) => !name.startsWith(prefix));
  const numbers = codes.split(/[;:]/).map(Number);
  for (let at = 0; at < numbers.length; at += 1) {
    const code = numbers[at] ?? 0;
    if (code === 0) classes = [];
    else if (code === 1) classes = [...without('ansi-bold'), 'ansi-bold'];
    else if (code === 22) classes = without('ansi-bold');
    else if (code === 39) classes = without('ansi-fg');
    else if (code === 38 || code === 48) at += numbers[at + 1] === 5 ? 2 : 4;
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97))
      classes = [...without('ansi-fg'), `ansi-fg-${COLOURS[code % 10]}`];
  }
  return classes.join(' ');
}
