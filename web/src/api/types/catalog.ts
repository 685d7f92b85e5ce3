import type { JobStatus, TestTotals } from './job';
import type { ComponentRef, Id, Moment, Named } from './wire';

export interface Product {
  id: Id;
  name: string;
  label: string;
  description: string | null;
  state: string;
  created_at: Moment;
  topics: Topic[];
}

export interface Topic {
  id: Id;
  name: string;
  product_id: Id;
  component_types: string[];
  export_control: boolean;
  state: string;
  created_at: Moment;
  product?: Named | null;
}

export interface Component extends ComponentRef {
  name: string | null;
  canonical_project_name: string | null;
  topic_id: Id;
  team_id: Id | null;
  uid: string | null;
  url: string | null;
  title: string | null;
  message: string | null;
  state: string;
  tags: string[];
  data?: Record<string, unknown>;
  released_at: Moment;
  created_at: Moment;
  updated_at: Moment;
  files?: ComponentFile[];
  jobs?: ComponentJob[];
}

export interface ComponentJob {
  id: Id;
  status: JobStatus;
  created_at: Moment;
  name?: string | null;
  remoteci_id?: Id;
  remoteci?: Named | null;
  tests?: TestTotals | null;
}

export interface ComponentFile {
  id: Id;
  name: string;
  mime: string | null;
  size: number;
  sha256?: string | null;
  md5: string | null;
  created_at: Moment;
}
