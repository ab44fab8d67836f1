import { LOOKS } from '../state-look.ts';
import { SEGMENT_WORDS, type Segment } from './timeline.ts';

const FILLS: Record<Segment['kind'], string> = {
  earlier: 'bg-line-strong',
  queued: 'bg-line-strong',
  delay: 'striped bg-idle',
  waiting: 'striped bg-line-strong',
  recovering: 'striped bg-warn',
  fetching: 'bg-idle',
  starting: 'bg-accent',
  running: '',
  cancelling: 'bg-warn',
};

/** The fill of a part of the timeline; what ran has that of how it ended. */
export function segmentFill({ kind, state }: Pick<Segment, 'kind' | 'state'>): string {
  return kind === 'running' && state ? LOOKS[state].fill : FILLS[kind];
}

/** What the fills of these parts mean, each once, in the order they came. Pure. */
export function legendOf(segments: readonly Segment[]): { fill: string; word: string }[] {
  const words = new Map<string, string>();
  for (const segment of segments) {
    const { kind, state } = segment;
    const word = kind === 'running' && state && state !== 'running' ? `Ran, ${LOOKS[state].word.toLowerCase()}` : SEGMENT_WORDS[kind]; // prettier-ignore
    words.set(word, segmentFill(segment));
  }
  return [...words].map(([word, fill]) => ({ word, fill }));
}
