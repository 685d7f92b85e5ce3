import type { CSSProperties } from 'react';
import type { Style } from './ansi';
import type { Piece } from './spans';

type Shown = Omit<Piece, 'hit'> & { hit?: boolean };

function looks(style: Style, hit: boolean): { className?: string; style?: CSSProperties } {
  const names: string[] = [];
  const css: CSSProperties = {};
  const [fg, bg] = style.inverse ? [style.bg ?? 'inverse', style.fg ?? 'inverse'] : [style.fg, style.bg];
  if (fg?.startsWith('ansi')) names.push(`fg-${fg}`);
  else if (fg === 'inverse') names.push('fg-inverse');
  else if (fg) css.color = fg;
  if (bg?.startsWith('ansi')) names.push(`bg-${bg}`);
  else if (bg === 'inverse') names.push('bg-inverse');
  else if (bg) css.backgroundColor = bg;
  if (style.bold) names.push('ansi-bold');
  if (style.dim) names.push('ansi-dim');
  if (style.italic) names.push('ansi-italic');
  if (style.underline) names.push('ansi-underline');
  if (hit) names.push('rt-hit-mark');
  return { className: names.join(' ') || undefined, style: Object.keys(css).length ? css : undefined };
}

/** Spans as React text nodes: whatever a log holds stays text. */
export function AnsiText({ pieces }: { pieces: readonly Shown[] }) {
  return pieces.map((piece, at) => (
    <span key={at} {...looks(piece.style, piece.hit ?? false)}>
      {piece.text}
    </span>
  ));
}
