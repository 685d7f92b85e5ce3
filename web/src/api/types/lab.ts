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
