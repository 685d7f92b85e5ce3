import type { KnownIssueRef } from './issues';
import type { ComponentRef, Id, Moment, Named } from './wire';
import type { JobResult, JobStatus, Phase, Progress, StageName, TestTotals } from './job';

export interface HealthLab extends Named {
  team: Named;
  last_seen_at: Moment | null;
  connected: boolean;
}

export interface HealthCell {
  job_id: Id;
  status: JobStatus;
  phase: Phase;
  stage: StageName | null;
  result: JobResult | null;
  tests: TestTotals | null;
  progress: Progress | null;
  failed_stage: StageName | null;
}

export interface HealthSet {
  set_key: string;
  components: ComponentRef[];
  created_at: Moment;
  cells: Record<Id, HealthCell>;
}

export interface Health {
  product: Named;
  topics: Named[];
  topic: Named | null;
  labs: HealthLab[];
  sets: HealthSet[];
  groups: FailureGroup[];
}

export type Scope = 'everyone' | 'one_lab' | 'some_labs' | 'only_run';

export interface Verdict {
  scope: Scope;
  text: string;
  /** How many labs it hit, and how many ran it; the lists hold the first of them. */
  hit: number;
  run: number;
  labs_hit: Named[];
  labs_run: Named[];
}

export interface Sighting {
  job_id: Id;
  at: Moment;
  set_key: string;
  components: ComponentRef[];
}

export interface VersionChange {
  type: string;
  before: { id: Id; version: string | null } | null;
  after: { id: Id; version: string | null } | null;
}

export interface GroupReport {
  delivery_id: Id;
  target: string | Named;
  channel: string;
  status: string;
  attempts: number;
  delivered_at: Moment | null;
}

export interface FailureGroup {
  id: Id;
  topic_id: Id;
  kind: 'test' | 'stage';
  title: string;
  exception_type: string | null;
  template: string;
  verdict: Verdict;
  first_seen: Sighting;
  last_seen: Sighting;
  last_good: { set_key: string; components: ComponentRef[]; job_id: Id } | null;
  difference: VersionChange[];
  known_since_first_run: boolean;
  in_latest_set: boolean;
  occurrences: number;
  cases: number;
  tests: { suite: string; classname: string; name: string }[];
  tests_count: number;
  sample: { job_id: Id; text: string | null } | null;
  reports: GroupReport[];
  /** Rules of people that know this failure. */
  known_issues?: KnownIssueRef[];
  /** Groups that a person made a part of this one. */
  merged?: { id: Id; title: string }[];
}
