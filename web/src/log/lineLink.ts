/** `#L120` and `#L120-L130` name lines, counted from 1 as people do. */
export interface LineRange {
  /** Counted from 0, inclusive. */
  first: number;
  last: number;
}

export function parseLineHash(hash: string): LineRange | null {
  const match = /^#L(\d+)(?:-L?(\d+))?$/.exec(hash);
  if (!match) return null;
  const one = Number(match[1]) - 1;
  const other = match[2] ? Number(match[2]) - 1 : one;
  if (one < 0 || other < 0) return null;
  return { first: Math.min(one, other), last: Math.max(one, other) };
}

export function lineHash({ first, last }: LineRange): string {
  return first === last ? `#L${first + 1}` : `#L${first + 1}-L${last + 1}`;
}
