import type { KnownIssueRef } from './issues';
import type { TestRef } from './questions';
import type { Id, Moment, Named } from './wire';
import type { Verdict, VersionChange } from './health';

/** Why a job failed, as far as the server can tell by itself. Lines count from 0. */
export interface FirstAnswer {
  job_id: Id;
  at: Moment | null;
  result: string | null;
  stage: {
    name: string;
    status: string;
    step: string | null;
    line: number | null;
    exit_code: number | null;
    message: string | null;
  } | null;
  lines: { line: number; text: string; score: number; why: string[] }[];
  components_changed: VersionChange[];
  new_failures: { count: number; tests: (TestRef & { since_job_id: Id })[] };
  flaky: (TestRef & { evidence: { text: string } })[];
  compared_with: { job_id: Id; at: Moment; result: string; why: string }[];
  steps: { name: string; found: string; left_out: string | null }[];
  groups: { id: Id; title: string; verdict: Verdict }[];
  known_issues: KnownIssueRef[];
}

export type RadiusStatus = 'hit' | 'passed' | 'not_run';

export interface RadiusLab {
  remoteci: Named;
  team: Named;
  hardware: string | null;
  status: RadiusStatus;
  job_id: Id | null;
  at: Moment | null;
}

export interface BlastRadius {
  group_id: Id;
  minimum: number;
  since: Moment | null;
  topics: {
    topic: Named;
    hit: number;
    passed: number;
    not_run: number;
    labs: RadiusLab[];
    left_out: number;
    others: { teams_hit: number | null; teams_run: number | null } | null;
  }[];
  hardware: { class: string | null; hit: number; passed: number; not_run: number }[];
}
