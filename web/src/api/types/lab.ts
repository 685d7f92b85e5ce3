import type { Id, Moment, Named } from './wire';

/** A remote CI, as the wire calls a lab. */
export interface Lab extends Named {
  state: string;
  team_id: Id;
  team: Named | null;
  public: boolean;
  created_at: Moment;
  last_seen_at: Moment | null;
  connected: boolean;
  agent_version: string | null;
  topics: Named[];
}

/** One value that is not as it was, by its path; null where it is not there. */
export interface Change {
  what: string;
  before: string | number | boolean | null;
  after: string | number | boolean | null;
}

/** What an agent told of its machine: groups of values, devices by where they are plugged in. */
export interface Machine {
  id: Id;
  agent: string;
  created_at: Moment;
  labels: Record<string, string>;
  inventory: Record<string, Record<string, unknown>>;
  changes: Change[] | null;
}

/** How a job's machine differs from that of another one. */
export interface MachineComparison {
  job_id: Id;
  with_job_id: Id | null;
  is_known: boolean;
  differences: Change[];
}

/** What somebody wanted to run on a lab. */
export interface LabRun {
  id: Id;
  created_at: Moment;
  remoteci_id: Id;
  asker_name: string;
  name: string;
  comment: string | null;
  spec: unknown;
  status: 'asked' | 'placed' | 'refused' | 'expired';
  expires_at: Moment;
  reason: string | null;
  job_id: Id | null;
}
