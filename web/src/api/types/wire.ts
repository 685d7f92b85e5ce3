/** Pieces that several resources share. Times are naive ISO 8601 in UTC. */
export type Id = string;
export type Moment = string;

export interface Named {
  id: Id;
  name: string;
}

export interface Meta {
  count: number;
}

export interface Page<T> {
  items: T[];
  count: number;
}

/** `where` pairs are ANDed by the server. */
export interface ListParams {
  limit: number;
  offset: number;
  sort?: string;
  where?: readonly (readonly [string, string])[];
  /** An expression; the server reads it only when there is no `where`. */
  query?: string;
}

/** A component as other things name it. */
export interface ComponentRef {
  id: Id;
  type: string;
  version: string | null;
  display_name: string;
}
