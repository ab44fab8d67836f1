/** A line of the script that a traceback names. */
export type ScriptPlace = { line: number; /** The function it is in; empty of a syntax error. */ within: string };

const FRAME = /^\s*(?:\| )?\s*File "(.+?)", line (\d+)(?:, in (.+))?$/;

/**
 * The places in the script that `excerpt` names, from the outermost call to where it broke; each once. `file` is the private
 * copy that ran, as the attempt's command tells it. Pure.
 */
export function placesInScript(excerpt: string, file: string): ScriptPlace[] {
  const places = new Map<string, ScriptPlace>();
  for (const text of excerpt.split('\n')) {
    const [, path, line, within = ''] = FRAME.exec(text.trimEnd()) ?? [];
    if (path !== file || line === undefined) continue;
    // What is named again later is nearer to where it broke.
    places.delete(line);
    places.set(line, { line: Number(line), within });
  }
  return [...places.values()];
}

/** The script's private copy on the worker: in the command it stands before its arguments. */
export function scriptFileOf(command: readonly string[], args: readonly string[]): string | undefined {
  return command[command.length - args.length - 1];
}

export type ShownLine = { number: number; text: string };

/** The lines around `line`, `margin` on each side. */
export function linesAround(content: string, line: number, margin: number): ShownLine[] {
  const lines = content.split(/\r\n?|\n/);
  const first = Math.max(1, line - margin);
  return lines.slice(first - 1, line + margin).map((text, index) => ({ number: first + index, text }));
}
