import { nameOfColour, nameOfIndexed } from './ansi-colours.ts';

export type Span = { text: string; style: string };

/** Longer lines are cut for the eye (never in the download): one line must not freeze the page. */
const LONGEST_LINE = 4000;
/**
 * Escape sequences, with ESC or as one C1 character: CSI (of which only SGR, ending in m, colours), strings for the terminal (OSC, DCS,
 * APC, …; an unended one reaches to the line's end), character sets, and two-character ones.
 */
const ESCAPE =
  // eslint-disable-next-line no-control-regex -- escape characters are what it looks for
  /(?:\u001b\[|\u009b)([0-9;:?<=>]*)[ -/]*([@-~])|(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[()*+#%][0-9A-Za-z]|\u001b[@-Z\\-_=>0-9a-z]/g;
// eslint-disable-next-line no-control-regex -- what would be invisible, or turn the text that follows around
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
// eslint-disable-next-line no-control-regex -- as above
const SPECIAL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** A log line (one state of it: see progress.ts) as coloured text. Never HTML: spans are text nodes with a class. */
export function toSpans(line: string): Span[] {
  const cut =
    line.length > LONGEST_LINE
      ? `${line.slice(0, LONGEST_LINE)} … ${(line.length - LONGEST_LINE).toLocaleString('en')} more characters`
      : line;
  if (!SPECIAL.test(cut)) return [{ text: cut, style: '' }];
  const spans: Span[] = [];
  let style = '';
  let from = 0;
  const push = (text: string) => {
    const shown = text.replace(UNSEEN, picture);
    const last = spans.at(-1);
    if (shown === '') return;
    if (last?.style === style) last.text += shown;
    else spans.push({ text: shown, style });
  };
  for (const match of cut.matchAll(ESCAPE)) {
    push(cut.slice(from, match.index));
    if (match[2] === 'm') style = restyle(style, match[1] ?? '');
    from = match.index + match[0].length;
  }
  push(cut.slice(from));
  return spans;
}

/** What is shown of a line, without its colours. */
export function plainText(line: string): string {
  return toSpans(line)
    .map(({ text }) => text)
    .join('');
}

/** A control character as its picture (␀, ␇): nothing in a log is invisible. What changes the direction of text: as unknown. */
function picture(character: string): string {
  const code = character.charCodeAt(0);
  if (code === 0x08) return '';
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : '\ufffd';
}

/** `style` after an SGR sequence. Backgrounds are left out: the theme's stays, so that everything can be read. */
function restyle(style: string, codes: string): string {
  let classes = style.split(' ').filter(Boolean);
  const set = (kind: string, name?: string) => {
    classes = classes.filter((held) => !held.startsWith(kind));
    if (name) classes.push(name);
  };
  const numbers = codes.split(/[;:]/).map(Number);
  for (let at = 0; at < numbers.length; at += 1) {
    const code = numbers[at] ?? 0;
    if (code === 0) classes = [];
    else if (code === 1) set('ansi-bold', 'ansi-bold');
    else if (code === 2) set('ansi-fg', 'ansi-fg-grey');
    else if (code === 3) set('ansi-italic', 'ansi-italic');
    else if (code === 4) set('ansi-underline', 'ansi-underline');
    else if (code === 22) set('ansi-bold');
    else if (code === 23) set('ansi-italic');
    else if (code === 24) set('ansi-underline');
    else if (code === 39) set('ansi-fg');
    else if (code === 38 || code === 48) {
      const [kind, a = 0, b = 0, c = 0] = numbers.slice(at + 1);
      const name = kind === 5 ? nameOfIndexed(a) : nameOfColour(a, b, c);
      if (code === 38) set('ansi-fg', name && `ansi-fg-${name}`);
      at += kind === 5 ? 2 : 4;
    } else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) {
      const name = nameOfIndexed((code % 10) + (code >= 90 ? 8 : 0));
      set('ansi-fg', name && `ansi-fg-${name}`);
    }
  }
  return classes.join(' ');
}
