/** Cuts spans at search hits, so that hits inside coloured text can be marked. */
import type { Span } from './ansi';

export interface Piece extends Span {
  hit: boolean;
}

/** All places of `needle` in `text`, ignoring case, without overlaps. */
export function hitsIn(text: string, needle: string): number[] {
  if (!needle) return [];
  const hits: number[] = [];
  const haystack = text.toLowerCase();
  const small = needle.toLowerCase();
  for (let at = haystack.indexOf(small); at >= 0; at = haystack.indexOf(small, at + small.length)) {
    hits.push(at);
  }
  return hits;
}

export function markHits(spans: readonly Span[], needle: string): Piece[] {
  const text = spans.map((span) => span.text).join('');
  const hits = hitsIn(text, needle);
  if (hits.length === 0) return spans.map((span) => ({ ...span, hit: false }));
  const pieces: Piece[] = [];
  let at = 0;
  for (const span of spans) {
    const end = at + span.text.length;
    let from = at;
    for (const hit of hits) {
      const [first, last] = [Math.max(hit, at), Math.min(hit + needle.length, end)];
      if (first >= last) continue;
      if (first > from) pieces.push({ ...span, text: text.slice(from, first), hit: false });
      pieces.push({ ...span, text: text.slice(first, last), hit: true });
      from = last;
    }
    if (from < end) pieces.push({ ...span, text: text.slice(from, end), hit: false });
    at = end;
  }
  return pieces;
}
