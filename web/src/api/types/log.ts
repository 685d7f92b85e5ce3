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
  /** Lines around it, when they were asked for. */
  before?: string[];
  after?: string[];
}

/** What a search of a log asks for. */
export interface LogQuestion {
  q: string;
  regex: boolean;
  matchCase: boolean;
  /** Lines before and after each match. */
  context: number;
}

export interface LogMark {
  line: number;
  stage: string;
  text: string;
}

/** Lines that are worth a jump. */
export interface LogMarks {
  attempt: number;
  stages: { name: string; status: string; line: number | null }[];
  steps: LogMark[];
  /** The first line of each stage that reads like an error. */
  errors: LogMark[];
}

export interface LogMatches {
  matches: LogMatch[];
  count: number;
  /** False when the server stopped looking at its limit. */
  complete: boolean;
  /** Why it stopped: matches, bytes or time. */
  stopped?: string;
}
