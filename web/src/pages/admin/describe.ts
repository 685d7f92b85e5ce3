/** What the pages of administration must know of a resource: one description makes its list, its
 * form and its page. Data and pure functions alone. */
import type { Source, Step } from '@/api/queries/stored';
import type { Id, Identity, Stored } from '@/api/types';

export type Noun =
  | 'teams'
  | 'users'
  | 'remotecis'
  | 'feeders'
  | 'products'
  | 'topics'
  | 'job_definitions'
  | 'trigger_rules'
  | 'report_targets'
  | 'tokens';

/** How a value is typed in. `words` is a list of names, `json` an object. */
export type FieldKind =
  | 'line'
  | 'note'
  | 'mail'
  | 'secret'
  | 'flag'
  | 'words'
  | 'json'
  | 'choice'
  | 'choices'
  | 'ref';

export interface Field {
  name: string;
  label: string;
  kind: FieldKind;
  help?: string;
  required?: boolean;
  /** Given when it is made and never changed, or the other way round. */
  only?: 'create' | 'edit';
  /** Of choices: value and words. */
  options?: readonly (readonly [string, string])[];
  /** Of references: to what, and what no reference means. */
  to?: Noun;
  none?: string;
  /** A reference only to what belongs to the person's own teams. */
  own?: boolean;
  /** Where a form begins. */
  begin?: Draft[string];
}

/** What stands in a form: text, ticks, and the names that are ticked. */
export type Draft = Record<string, string | boolean | readonly string[]>;

export interface Column {
  label: string;
  /** What the cell says; null is nothing. */
  text: (stored: Stored) => string | null;
  /** Where it leads. */
  to?: (stored: Stored) => string | null;
  kind?: 'time' | 'mono';
  /** The column of the API that it can be sorted by. */
  sort?: string;
}

/** A filter of the list, by a parameter of the address that is a column of the API too. */
export interface Filter {
  column: string;
  label: string;
  to: Noun;
}

/** Things that belong to a thing, added and taken away on its page. */
export interface Link {
  title: string;
  says: string;
  to: Noun;
  /** The list's name in the answer. */
  noun: string;
  list: (id: Id) => string;
  add: (id: Id, other: Id) => Step;
  drop: (id: Id, other: Id) => Step;
  may: (identity: Identity, stored: Stored) => boolean;
  /** Who may see it at all. */
  sees: (identity: Identity, stored: Stored) => boolean;
}

export type Panel = 'keys' | 'consent' | 'matching' | 'subscribers';

export interface Resource extends Source {
  noun: Noun;
  title: string;
  /** One of them in words: "remote CI". */
  word: string;
  /** What it is, for who has never made one. */
  explain: string;
  commands: readonly string[];
  fields: readonly Field[];
  columns: readonly Column[];
  filters?: readonly Filter[];
  /** Rests and goes on, by its state. */
  rests: boolean;
  /** Sent with every change, since the server forgets what is left out. */
  kept?: readonly string[];
  sees: (identity: Identity) => boolean;
  creates: (identity: Identity) => boolean;
  edits: (identity: Identity, stored: Stored) => boolean;
  archives: (identity: Identity, stored: Stored) => boolean;
  archive: { label: string; explain: string };
  /** A field of the answer to its making that is shown once. */
  secret?: 'api_secret' | 'token';
  toBody?: (body: Record<string, unknown>, now: number) => Record<string, unknown>;
  links?: readonly Link[];
  panels?: readonly Panel[];
}

export const isAdmin = ({ is_super_admin }: Identity): boolean => Boolean(is_super_admin);

/** Super admins and EPMs write for every team. */
export const writesAll = ({ is_super_admin, is_epm }: Identity): boolean =>
  Boolean(is_super_admin || is_epm);

/** Who may act for a team: its members, and who writes for every team. */
export const actsFor = (identity: Identity, team: unknown): boolean =>
  writesAll(identity) || (typeof team === 'string' && team in identity.teams);

export const hasTeam = (identity: Identity): boolean =>
  writesAll(identity) || Object.keys(identity.teams).length > 0;

export const anyone = (): boolean => true;

export const text = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

/** The name of something embedded: `{"team": {"name": …}}`. */
export const nameIn = (value: unknown): string | null =>
  value && typeof value === 'object' && 'name' in value ? text(value.name) : null;

export const namesIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.map(nameIn).filter((name) => name !== null) : [];

export const listed = (value: unknown): string | null =>
  Array.isArray(value) && value.length > 0 ? value.map(String).join(', ') : null;

/** What a panel of one resource is given. */
export interface PanelProps {
  resource: Resource;
  identity: Identity;
  stored: Stored;
  may: boolean;
}
