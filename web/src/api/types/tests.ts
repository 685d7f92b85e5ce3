import type { Id, Moment } from './wire';

export type Outcome =
  | 'passed'
  | 'failed'
  | 'errored'
  | 'skipped'
  | 'xfailed'
  | 'xpassed'
  | 'blocked'
  | 'info';
export type CaseState = 'unchanged' | 'regressed' | 'recovered' | 'added' | 'removed' | 'none';

export interface TestCase {
  file_id: Id;
  suite: string;
  classname: string;
  name: string;
  outcome: Outcome;
  state: CaseState;
  time: number;
  type: string | null;
  message: string | null;
  detail: string | null;
  stdout: string | null;
  stderr: string | null;
  since_job_id: Id | null;
  since_at: Moment | null;
}

export interface TestsPage {
  tests: TestCase[];
  count: number;
  /** Of the whole attempt, whatever the filter. */
  totals: Partial<Record<Outcome, number>>;
  states: Partial<Record<CaseState, number>>;
}

export interface TestFilter {
  attempt: number;
  outcomes: Outcome[];
  state: CaseState | null;
  q: string;
}
