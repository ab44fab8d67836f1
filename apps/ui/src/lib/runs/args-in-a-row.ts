import { shellQuoted } from '../launches/shell.ts';
import { visibleText } from '../ui/visible-text.ts';

/** What a row of a list has room for, in characters. */
const MOST = 200;

/** Arguments as a shell would be given them, in one line and cut: what tells runs of one script apart. Pure. */
export function argsInARow(args: readonly string[]): string {
  const text = visibleText(shellQuoted(args.slice(0, MOST)).slice(0, MOST + 1)).replaceAll(/\s/g, ' ');
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}
