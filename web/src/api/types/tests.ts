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

/** A try of a case that was not the one that stands. */
export interface CaseAttempt {
  outcome: Outcome;
  raw_outcome?: string;
  time?: number;
  type?: string;
  message?: string;
  detail?: string;
  stdout?: string;
  stderr?: string;
}

/** A part of a case, with parts of its own. */
export interface CaseStep {
  name: string;
  outcome: Outcome;
  raw_outcome?: string;
  started_at?: Moment;
  time?: number;
  message?: string;
  steps?: CaseStep[];
}

export interface NamedValue {
  name: string;
  value: string;
}

/** What a case left somewhere else: a path or an address. */
export interface CaseAttachment {
  name: string;
  reference: string;
  mime?: string;
}

/** What few cases have; the wire leaves out what is empty. */
export interface CaseExtras {
  raw_classname?: string;
  raw_name?: string;
  raw_outcome?: string;
  properties?: NamedValue[];
  parameters?: NamedValue[];
  attempts?: CaseAttempt[];
  steps?: CaseStep[];
  attachments?: CaseAttachment[];
  /** Names of the texts that were too long to be kept whole. */
  cut?: string[];
}

export interface TestCase extends CaseExtras {
  file_id: Id;
  /** Of the test, the same in every job. */
  test_id: string;
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
  /** There were results, which are kept no longer. */
  retired: boolean;
}

export interface TestFilter {
  attempt: number;
  outcomes: Outcome[];
  state: CaseState | null;
  q: string;
}
