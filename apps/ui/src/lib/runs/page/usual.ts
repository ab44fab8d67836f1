import type { Run } from '@das/contracts/run';
import type { ScriptStats } from '@das/contracts/script';
import { duration } from '../../time/format.ts';
import { quantile } from '../../time/quantile.ts';

/** So few runs are no habit. */
const MIN_RUNS = 3;
/** Less than this is noise, whatever the ratio. */
const NOTICEABLE_MS = 2000;

export type Comparison = { slower: boolean; text: string };

/**
 * How long the script's completed runs take, and whether `tookMs` (so far) is out of the ordinary: slower than 19 of 20 of them,
 * and than one and a half of the usual. Null without a history. Pure.
 */
export function comparedWithUsual(
  run: Pick<Run, 'id' | 'state'>,
  tookMs: number,
  stats: ScriptStats,
): Comparison | null {
  const others = stats.items
    .filter(({ id, state, durationMs }) => id !== run.id && state === 'completed' && durationMs !== null)
    .map(({ durationMs }) => durationMs ?? 0);
  if (others.length < MIN_RUNS) return null;
  const usual = quantile(others, 0.5) ?? 0;
  const rare = Math.max(quantile(others, 0.95) ?? 0, usual * 1.5);
  if (tookMs > rare && tookMs - usual > NOTICEABLE_MS)
    return { slower: true, text: `${times(tookMs / usual)} the usual ${duration(usual)}` };
  if (run.state === 'completed' && tookMs < usual / 2 && usual - tookMs > NOTICEABLE_MS)
    return { slower: false, text: `${times(tookMs / usual)} the usual ${duration(usual)}` };
  return { slower: false, text: `usually ${duration(usual)}` };
}

function times(ratio: number): string {
  return `${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio)}×`;
}
