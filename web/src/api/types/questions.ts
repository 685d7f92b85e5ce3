import type { Id, Moment, Named } from './wire';

/** A test by its id: the same in every team and job. */
export interface TestRef {
  id: string;
  suite: string;
  classname: string;
  name: string;
}

export interface TrendPoint {
  at: string;
  results: number;
  total: number;
  passed: number;
  failed: number;
  errored: number;
  skipped: number;
  regressed: number;
  recovered: number;
  retried: number;
  pass_rate: number | null;
  seconds: number;
}

export interface Flake {
  test: TestRef;
  score: number;
  low: number;
  high: number;
  runs: number;
  failed: number;
  /** Runs that count against it: changed without a reason, or decided by another attempt. */
  unsteady: number;
  flips: number;
  retried: number;
  labs: number | null;
  last_seen_at: Moment | null;
}

export interface DurationChange {
  test: TestRef;
  runs: number;
  mean: number;
  median: number;
  p95: number;
  before: { runs: number; mean: number; median: number } | null;
  ratio: number | null;
  p_value: number | null;
  significant: boolean;
}

export interface Coverage {
  component: {
    id: Id;
    type: string;
    version: string | null;
    display_name: string;
    released_at: Moment | null;
  };
  jobs: number;
  labs: number;
  teams: number;
  passed: number;
  failed: number;
  errored: number;
  total: number;
  pass_rate: number | null;
  last_at: Moment | null;
}

export type Category =
  | 'regression'
  | 'fixed'
  | 'new_failure'
  | 'still_failing'
  | 'new_pass'
  | 'appeared'
  | 'disappeared'
  | 'unchanged';

export interface ComparedSide {
  kind: string;
  label: string;
  jobs: number;
  runs: number;
}

export interface ComparedCase {
  test: TestRef;
  category: Category;
  left: { outcome: string; runs: number; failed: number } | null;
  right: { outcome: string; runs: number; failed: number } | null;
}

export interface Comparison {
  left: ComparedSide;
  right: ComparedSide;
  counts: Record<Category, number>;
  cases: ComparedCase[];
}

export interface HistoryDay {
  day: string;
  runs: number;
  passed: number;
  failed: number;
  errored: number;
  retried: number;
  flips: number;
}

export interface HistoryRun {
  job_id: Id;
  file_id: Id;
  position: number;
  at: Moment;
  remoteci: Named;
  team: Named;
  set_key: string;
  outcome: string;
  state: string;
  seconds: number;
  retried: boolean;
}

/** `row` and `column` are null for jobs that have no such value. */
export interface StatisticsCell {
  row: string | null;
  column: string | null;
  jobs: number;
  success: number;
  failure: number;
  error: number;
  killed: number;
}

/** A value that jobs were counted by: `key` is what cells name it by. */
export interface StatisticsHead {
  key: string | null;
  name: string | null;
  jobs: number;
}

export interface Statistics {
  rows: StatisticsHead[];
  columns: StatisticsHead[];
  cells: StatisticsCell[];
}

export interface KeyValuePoint {
  job_id: Id;
  at: Moment;
  value: number;
  topic_id: Id;
  remoteci: Named;
}
