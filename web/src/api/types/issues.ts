import type { Id, Moment } from './wire';

/** What a rule looks for: words, a pattern of RE2, or the failures of one group. */
export type IssueKind = 'text' | 'regex' | 'signature';

/** A rule that names failures which somebody knows. */
export interface KnownIssue {
  id: Id;
  etag: string;
  created_at: Moment;
  updated_at: Moment;
  /** An inactive rule rests: it names nothing. */
  state: 'active' | 'inactive';
  name: string;
  kind: IssueKind;
  pattern: string;
  owner: string;
  topic_id: Id | null;
  product_id: Id | null;
  /** Of this team, for its own jobs; null for everybody's. */
  team_id: Id | null;
  expires_at: Moment | null;
  expired: boolean;
  link: string | null;
  note: string | null;
  /** When it last had looked at everything that was there. */
  labelled_at: Moment | null;
}

/** What a person says of a rule. */
export type IssueWords = Pick<
  KnownIssue,
  | 'name'
  | 'kind'
  | 'pattern'
  | 'owner'
  | 'topic_id'
  | 'product_id'
  | 'team_id'
  | 'expires_at'
  | 'link'
  | 'note'
>;

/** A rule as failures name it. */
export interface KnownIssueRef {
  id: Id;
  name: string;
  link: string | null;
  owner: string | null;
  /** It names no further failures. */
  expired?: boolean;
}

/** A group that looks like another one; `score` from 0.7 to 1. */
export interface SimilarGroup {
  id: Id;
  title: string;
  score: number;
  occurrences?: number;
  last_seen_at?: Moment | null;
}
