/** Filters of the jobs list, as the address bar keeps them. Pure. */
import { literal, quoted, whereParts } from '@/api/lists';
import type { ListParams } from '@/api/types';
import { readPlace } from '@/components/Pager';

/** Parameter in the address, column of the API, name on the screen. */
export const FILTERS = [
  { param: 'status', column: 'status', label: 'Status' },
  { param: 'lab', column: 'remoteci_id', label: 'Lab' },
  { param: 'topic', column: 'topic_id', label: 'Topic' },
  { param: 'team', column: 'team_id', label: 'Team' },
  { param: 'name', column: 'name', label: 'Name' },
  { param: 'tag', column: 'tags', label: 'Tag' },
  { param: 'where', column: '', label: 'Where' },
  { param: 'query', column: '', label: 'Query' },
] as const;

export type FilterParam = (typeof FILTERS)[number]['param'];

/** Tags and free conditions may be many; of the others one value makes sense. */
const MANY: readonly FilterParam[] = ['tag', 'where'];

export interface ActiveFilter {
  param: FilterParam;
  label: string;
  value: string;
}

export function activeFilters(params: URLSearchParams): ActiveFilter[] {
  return FILTERS.flatMap(({ param, label }) =>
    params
      .getAll(param)
      // of old links and of what people type, a line of conditions
      .flatMap((value) => (param === 'where' ? whereParts(value) : [value]))
      .map((value) => ({ param, label, value })),
  );
}

/** Not a status of the wire: running, whatever the stage. */
export const ANY_RUNNING = 'any-running';

/** `column:value` as the API wants it; a free condition is one already. */
function condition({ param, value }: ActiveFilter): readonly [string, string] {
  if (param === 'status' && value === ANY_RUNNING) return ['phase', 'running'];
  if (param === 'where') {
    const colon = value.indexOf(':');
    return colon < 0 ? [value, ''] : [value.slice(0, colon), value.slice(colon + 1)];
  }
  const column = FILTERS.find((filter) => filter.param === param)?.column ?? param;
  return [column, param === 'name' && !value.endsWith('*') ? `${value}*` : value];
}

/** A condition as an expression of the query language, which compares with the case. */
function expression([column, value]: readonly [string, string]): string {
  if (value === '') return `null(${column})`;
  if (column === 'tags') return `contains(${column},${literal(value)})`;
  if (!value.endsWith('*')) return `eq(${column},${literal(value)})`;
  return `ilike(${column},${literal(`%${value.slice(0, -1)}%`)})`;
}

/** A query and other filters are one query: the server reads `where` or `query`. What people
 * typed, in whichever dialect, stands in brackets of its own. */
export function toListParams(params: URLSearchParams): ListParams {
  const filters = activeFilters(params);
  const where = filters.filter(({ param }) => param !== 'query').map(condition);
  const queries = filters.filter(({ param }) => param === 'query').map(({ value }) => value);
  const place = { ...readPlace(params), sort: params.get('sort') ?? '-created_at' };
  if (queries.length === 0) return { ...place, where };
  const parts = [...queries.map((query) => `(${query})`), ...where.map(expression)];
  return { ...place, query: parts.length > 1 ? parts.join(' ') : queries[0] };
}

/** The address with a filter added (or set, where one value makes sense). */
export function withFilter(
  params: URLSearchParams,
  param: FilterParam,
  value: string,
): URLSearchParams {
  const next = new URLSearchParams(params);
  const trimmed = value.trim();
  if (!MANY.includes(param)) next.delete(param);
  if (trimmed && !next.getAll(param).includes(trimmed)) next.append(param, trimmed);
  return next;
}

export function withoutFilter(
  params: URLSearchParams,
  { param, value }: Pick<ActiveFilter, 'param' | 'value'>,
): URLSearchParams {
  const next = new URLSearchParams(params);
  const all = activeFilters(params).filter((other) => other.param === param);
  next.delete(param);
  for (const other of all) {
    if (other.value !== value) next.append(param, param === 'where' ? quoted(other.value) : other.value);
  }
  return next;
}
