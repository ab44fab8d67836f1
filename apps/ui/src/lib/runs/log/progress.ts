import { plainText } from './ansi.ts';

/** Spark's console progress, and bars as tqdm, pip and wget draw them. Looked for at the line's beginning only. */
const BARS = {
  stage: /^\s*(?:\[Stage \d+:[=> ]*\(\d+ \+ \d+\) \/ \d+\]\s*)+$/,
  bar: /^.{0,60}?(?:\d{1,3}(?:\.\d+)? ?%\s?[|[(]|\[[=#>.\-\s█▉▊▋▌▍▎▏━╸╺]{5,}\])/,
};
export type ProgressKind = keyof typeof BARS;
/** How much of a line is looked at, and how many former states of a line are kept to show. */
const LOOK_CHARACTERS = 400;
const STATES = 200;

/** A line that a carriage return rewrote: what was written last stays, as in a terminal. */
export type LineStates = { shown: string; earlier: readonly string[] };

export function statesOf(text: string): LineStates {
  if (!text.includes('\r')) return { shown: text, earlier: [] };
  const states = text.split('\r').filter((state) => state.trim() !== '');
  return { shown: states.pop() ?? '', earlier: states.slice(-STATES) };
}

/** One state of something that is told again and again while it goes on: of many in a row only the last matters. */
export function progressKind(shown: string): ProgressKind | null {
  const text = plainText(shown.slice(0, LOOK_CHARACTERS));
  if (BARS.stage.test(text)) return 'stage';
  return BARS.bar.test(text) ? 'bar' : null;
}
