import type { Id, Moment, Named } from './wire';

/** What every resource has, whatever else it has. */
export interface Stored extends Named {
  etag: string;
  state?: string;
  created_at: Moment;
  [field: string]: unknown;
}

/** A key of a machine: when it was made, and when it ends if another replaced it. */
export interface MachineKey {
  id: Id;
  created_at: Moment;
  retires_at: Moment | null;
}

export type ConsentAnswer = 'never' | 'ask' | 'always';

/** What a lab says to a team (null: any) about a product (null: any). */
export interface ConsentRule {
  answer: ConsentAnswer;
  asker_team_id: Id | null;
  product_id: Id | null;
}

/** A lab held against the labels that a definition needs. */
export interface MatchingLab extends Named {
  connected: boolean;
  fits: boolean;
  /** `unmet`: what a machine lacks, in words. */
  machines: { agent: string; unmet: string[] }[];
}

/** Which labs could run a definition; `text` says it in one line. */
export interface Matching {
  text: string;
  labs: MatchingLab[];
}
