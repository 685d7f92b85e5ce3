/** Cuts spans at search hits, so that hits inside coloured text can be marked. */
import type { Span } from './ansi';
import type { Matcher } from './matcher';

export interface Piece extends Span {
  hit: boolean;
}

export function markHits(spans: readonly Span[], matcher: Matcher | null): Piece[] {
  const hits = matcher ? matcher(spans.map((span) => span.text).join('')) : [];
  if (hits.length === 0) return spans.map((span) => ({ ...span, hit: false }));
  const pieces: Piece[] = [];
  let at = 0;
  for (const span of spans) {
    const text = span.text;
    const end = at + text.length;
    let from = at;
    for (const hit of hits) {
      const [first, last] = [Math.max(hit.from, at), Math.min(hit.to, end)];
      if (first >= last) continue;
      if (first > from) pieces.push({ ...span, text: text.slice(from - at, first - at), hit: false });
      pieces.push({ ...span, text: text.slice(first - at, last - at), hit: true });
      from = last;
    }
    if (from < end) pieces.push({ ...span, text: text.slice(from - at), hit: false });
    at = end;
  }
  return pieces;
}
