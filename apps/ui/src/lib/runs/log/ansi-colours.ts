/** The colours a log is shown in: the theme's own, each readable (WCAG AA) in dark and light. '' is plain text. */
export type ColourName = '' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'grey';

const BASIC: readonly ColourName[] = ['grey', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', ''];
/** What is less coloured than this (0–255, between the strongest and the weakest part) counts as grey. */
const PALE = 48;

/** One of the 256 colours: 16 basic ones, a cube of 6 × 6 × 6, and greys. */
export function nameOfIndexed(index: number): ColourName {
  if (index < 16) return index === 15 ? '' : (BASIC[index % 8] ?? '');
  if (index >= 232) return index < 244 ? 'grey' : '';
  const level = (value: number) => (value === 0 ? 0 : 55 + value * 40);
  const cube = index - 16;
  return nameOfColour(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

/** The nearest by hue: a script's own red may be unreadable on this background; the theme's is not. */
export function nameOfColour(red: number, green: number, blue: number): ColourName {
  const most = Math.max(red, green, blue);
  const least = Math.min(red, green, blue);
  if (most - least < PALE) return most < 140 ? 'grey' : '';
  const hue = hueOf(red, green, blue, most, most - least);
  if (hue < 25 || hue >= 335) return 'red';
  if (hue < 70) return 'yellow';
  if (hue < 160) return 'green';
  if (hue < 200) return 'cyan';
  return hue < 262 ? 'blue' : 'magenta';
}

/** In degrees, 0 is red. */
function hueOf(red: number, green: number, blue: number, most: number, range: number): number {
  if (most === red) return (((green - blue) / range) * 60 + 360) % 360;
  if (most === green) return ((blue - red) / range) * 60 + 120;
  return ((red - green) / range) * 60 + 240;
}
