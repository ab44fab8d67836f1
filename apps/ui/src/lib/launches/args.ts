/** How arguments are typed: like in a shell, or one on each line. */
export type ArgsStyle = 'shell' | 'lines';
export type ParsedArgs = { args: string[]; fault: string | null };

/**
 * What the script gets, byte for byte. `shell`: blanks separate; '…' is literal; in "…" a backslash escapes `"` and `\`;
 * elsewhere it escapes the next character. Nothing is expanded: `$HOME` and `*` stay what they are.
 */
export function parseArgs(text: string, style: ArgsStyle): ParsedArgs {
  if (style === 'lines') return { args: text === '' ? [] : text.replace(/\n$/, '').split('\n'), fault: null };
  const args: string[] = [];
  let word: string | null = null;
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (/\s/.test(char)) {
      if (word !== null) args.push(word);
      word = null;
      at += 1;
    } else if (char === "'" || char === '"') {
      const quoted = readQuoted(text, at + 1, char);
      if (!quoted) return { args, fault: `A ${char} is opened and never closed` };
      word = (word ?? '') + quoted.text;
      at = quoted.end;
    } else if (char === '\\') {
      if (at + 1 >= text.length) return { args, fault: 'A backslash at the end escapes nothing' };
      word = (word ?? '') + text.charAt(at + 1);
      at += 2;
    } else {
      word = (word ?? '') + char;
      at += 1;
    }
  }
  if (word !== null) args.push(word);
  return { args, fault: null };
}

function readQuoted(text: string, from: number, quote: string): { text: string; end: number } | null {
  let read = '';
  for (let at = from; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === quote) return { text: read, end: at + 1 };
    const next = text.charAt(at + 1);
    if (quote === '"' && char === '\\' && (next === '"' || next === '\\')) {
      read += next;
      at += 1;
    } else read += char;
  }
  return null;
}

/** What {@link parseArgs} reads back as `args`, in the shell style. */
export function writeArgs(args: readonly string[]): string {
  return args.map((arg) => (/^[^\s'"\\]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'"'"'`)}'`)).join(' ');
}
