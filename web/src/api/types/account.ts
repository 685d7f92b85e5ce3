import type { Id, Moment, Named } from './wire';

export interface Profile {
  id: Id;
  etag: string;
  name: string;
  fullname: string;
  email: string | null;
  timezone: string;
  remotecis: Named[];
}

export interface Token {
  id: Id;
  etag: string;
  name: string;
  /** How the token begins, to tell it from others. */
  hint: string;
  holder_kind: 'user' | 'remoteci' | 'feeder';
  scopes: string[];
  created_at: Moment;
  expires_at: Moment;
  last_used_at: Moment | null;
}
