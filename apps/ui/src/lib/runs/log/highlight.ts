import type { Span } from './ansi.ts';

export type Piece = Span & { hit: boolean };

/** Places that are marked in one line; a line that holds more is marked well enough. */
const MOST = 200;

/** The spans cut where `needle` stands in their joined text, whatever their colours; '' marks nothing. */
export function highlight(spans: readonly Span[], needle: string): Piece[] {
  if (needle === '') return spans.map((span) => ({ ...span, hit: false }));
  const hits = placesOf(spans.map(({ text }) => text).join(''), needle);
  const pieces: Piece[] = [];
  let position = 0;
  for (const { text, style } of spans) {
    const end = position + text.length;
    for (let from = position; from < end;) {
      const hit = hits.find((place) => place + needle.length > from);
      const inside = hit !== undefined && hit <= from;
      const to = hit === undefined ? end : Math.min(end, inside ? hit + needle.length : hit);
      pieces.push({ text: text.slice(from - position, to - position), style, hit: inside });
      from = to;
    }
    position = end;
  }
  return pieces;
}

function placesOf(text: string, needle: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(needle); at >= 0 && places.length < MOST; at = text.indexOf(needle, at + needle.length))
    places.push(at);
  return places;
}
