export interface LogPage {
  attempt: number;
  from_line: number;
  lines: string[];
  total_lines: number;
  complete: boolean;
}

export interface LogMatch {
  line: number;
  text: string;
}

export interface LogMatches {
  matches: LogMatch[];
  count: number;
  /** False when the server stopped looking at its limit. */
  complete: boolean;
}
