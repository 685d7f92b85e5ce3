/** What a page was asked stays in the address: read and changed here, by every filter and picker. */
import { useCallback } from 'react';
import { useSearchParams } from 'react-router';

export type Values = Readonly<Record<string, string | null | undefined>>;

/** A copy with some parameters changed; an empty value takes its parameter away. Pure. */
export function withValues(params: URLSearchParams, values: Values): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(values)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  return next;
}

interface How {
  /** A step of the browser's history, which "back" takes back; else the entry is replaced. */
  step?: boolean;
}

type Change = (params: URLSearchParams) => URLSearchParams;

export interface Address {
  params: URLSearchParams;
  /** A parameter; without it, the empty text. */
  get: (name: string) => string;
  /** Change some parameters; whatever is listed begins at its first page again. */
  set: (values: Values, how?: How) => void;
  /** The same for what one parameter may have many of. */
  change: (change: Change, how?: How) => void;
}

/** Nothing on the screen moves when the address changes: who filters looks at the filter. */
export function useAddress(): Address {
  const [params, setParams] = useSearchParams();
  const change = useCallback(
    (to: Change, { step = false }: How = {}) =>
      setParams((now) => to(withValues(now, FIRST_PAGE)), { replace: !step, preventScrollReset: true }),
    [setParams],
  );
  const set = useCallback(
    (values: Values, how?: How) => change((now) => withValues(now, values), how),
    [change],
  );
  const get = useCallback((name: string) => params.get(name) ?? '', [params]);
  return { params, get, set, change };
}

/** Old links count pages. */
const FIRST_PAGE: Values = { offset: '', page: '' };
