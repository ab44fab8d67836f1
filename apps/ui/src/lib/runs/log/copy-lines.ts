import { getLogLines } from '../../api/logs.ts';
import { plainText } from './ansi.ts';
import type { LineRange } from './line-range.ts';
import type { LogFollower } from './log-follower.svelte.ts';
import { statesOf } from './progress.ts';

/** What one answer holds at most. */
const PAGE = 2000;
/** More is not copied: for that there is the download. */
const MOST = 20_000;

/** These lines as they are shown (without colours), whatever is held and filtered. */
export async function textOfLines({ runId, attempt }: LogFollower, { from, to }: LineRange): Promise<string> {
  const lines: string[] = [];
  for (let next: number | null = from; next !== null && next <= to && lines.length < MOST;) {
    const answer = await getLogLines(runId, attempt, { from: next, limit: Math.min(PAGE, to - next + 1) });
    for (const { line, text } of answer.items) if (line <= to) lines.push(plainText(statesOf(text).shown));
    next = answer.nextLine;
  }
  return lines.join('\n');
}
