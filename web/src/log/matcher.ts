/** What a search marks in the lines on the screen. Pure. */
export interface Search {
  q: string;
  regex: boolean;
  matchCase: boolean;
}

export interface Place {
  from: number;
  /** Exclusive. */
  to: number;
}

/** Places in a line, ascending, without overlaps. */
export type Matcher = (text: string) => Place[];

/** A pattern is tried on so much of a line: one that backtracks must not stop the page. */
const LONGEST = 2000;

/** Null: nothing is searched for, or the pattern is one that only the server understands. */
export function matcherOf({ q, regex, matchCase }: Search): Matcher | null {
  if (!q) return null;
  const source = regex ? q : q.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  let pattern: RegExp;
  try {
    pattern = new RegExp(source, matchCase ? 'g' : 'gi');
  } catch {
    return null;
  }
  return (text) =>
    [...(regex ? text.slice(0, LONGEST) : text).matchAll(pattern)]
      .filter((hit) => hit[0] !== '')
      .map((hit) => ({ from: hit.index, to: hit.index + hit[0].length }));
}

/** The usual search: a text, whatever its case. */
export const textMatcher = (q: string): Matcher | null => matcherOf({ q, regex: false, matchCase: false });
