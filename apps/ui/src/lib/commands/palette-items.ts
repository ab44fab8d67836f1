import { computeCommandScore } from 'bits-ui';
import type { Command, CommandGroup } from './commands.svelte.ts';

/** The commands that fit what is typed, the best first; all of them while nothing is. */
export function fitting(groups: readonly CommandGroup[], q: string): CommandGroup[] {
  if (q === '') return groups.filter(({ commands }) => commands.length > 0);
  const scored = groups.flatMap(({ page, commands }) => {
    const ranked = commands
      .map((command) => ({ command, score: score(command, page, q) }))
      .filter(({ score }) => score > LEAST)
      .sort((a, b) => b.score - a.score);
    const [best] = ranked;
    return best ? [{ page, commands: ranked.map(({ command }) => command), best: best.score }] : [];
  });
  return scored.sort((a, b) => b.best - a.best);
}

/** Below this the letters only happen to be there, in this order. */
const LEAST = 0.08;

function score(command: Command, page: string, q: string): number {
  return computeCommandScore(command.label, q, [page, command.also ?? '']);
}
