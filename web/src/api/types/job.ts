import type { ComponentRef, Id, Moment, Named } from './wire';

/** The wire's mixed status; `phase`, `stage` and `result` say the same apart. */
export type JobStatus =
  | 'new'
  | 'pre-run'
  | 'running'
  | 'post-run'
  | 'success'
  | 'failure'
  | 'killed'
  | 'error';
export type Phase = 'queued' | 'running' | 'finished';
export type StageName = 'provision' | 'prepare' | 'test' | 'collect' | 'teardown';
export type JobResult = 'passed' | 'failed' | 'errored' | 'cancelled';
export type StageStatus = 'running' | 'passed' | 'failed' | 'errored' | 'skipped';

export interface Progress {
  total: number | null;
  passed: number;
  failed: number;
  errored: number;
  skipped: number;
}

export interface TestTotals {
  total: number;
  success: number;
  failures: number;
  errors: number;
  skips: number;
  regressions: number;
  successfixes: number;
}

export interface Job {
  id: Id;
  etag: string;
  created_at: Moment;
  updated_at: Moment;
  status: JobStatus;
  phase: Phase;
  stage: StageName | null;
  result: JobResult | null;
  status_reason: string | null;
  comment: string | null;
  name: string | null;
  configuration: string | null;
  url: string | null;
  duration: number;
  tags: string[];
  topic_id: Id;
  remoteci_id: Id;
  team_id: Id;
  product_id: Id | null;
  previous_job_id: Id | null;
  attempt: number;
  max_attempts: number;
  progress: Progress | null;
  tests: TestTotals | null;
  set_key: string;
  /** What an agent of ours runs; null for jobs that a lab starts and tells of itself. */
  definition_id: Id | null;
  cancel_requested_at: Moment | null;
  started_at: Moment | null;
  finished_at: Moment | null;
  components: ComponentRef[];
  remoteci: Named | null;
  topic: Named | null;
  team: Named | null;
  pipeline?: Named | null;
  user_agent?: string | null;
  client_version?: string | null;
  keys_values?: { key: string; value: number }[];
  data?: Record<string, unknown>;
}

export interface Stage {
  attempt: number;
  name: StageName;
  status: StageStatus;
  started_at: Moment;
  ended_at: Moment | null;
  message: string | null;
  evidence: string | null;
  exit_code: number | null;
  first_line: number | null;
}

export interface Attempt {
  number: number;
  agent: string | null;
  claimed_at: Moment;
  ended_at: Moment | null;
  outcome: 'finished' | 'lost' | 'released' | null;
}

export interface JobFile {
  id: Id;
  name: string;
  mime: string | null;
  size: number;
  /** Tied to a state: one task of what the lab's own tool ran. */
  jobstate_id: Id | null;
  job_id: Id;
  sha256?: string | null;
  md5: string | null;
  attempt?: number;
  created_at: Moment;
}

export interface JobState {
  id: Id;
  status: JobStatus;
  comment: string | null;
  created_at: Moment;
}

/** What a job left in its lab, and until when it is kept. */
export interface Hold {
  job_id: Id;
  attempt: number;
  host: string;
  shell: string;
  until: Moment;
  is_held: boolean;
}

/** Totals of one parsed result file, with what its parser could not read. */
export interface ResultFile {
  file_id: Id;
  name: string;
  filename?: string;
  total: number;
  success: number;
  failures: number;
  errors: number;
  skips: number;
  regressions: number;
  successfixes: number;
  time: number;
  warnings?: unknown[];
}
