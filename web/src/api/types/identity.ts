import type { Id } from './wire';

export interface Identity {
  id: Id;
  name: string | null;
  fullname: string | null;
  email: string | null;
  timezone: string | null;
  is_super_admin?: boolean;
  is_epm?: boolean;
  is_read_only?: boolean;
  teams: Record<Id, { id?: Id; name?: string; team_name?: string }>;
}
