/** From a count of jobs to the list of them: what was counted becomes filters of the list. Pure. */
import { literal } from '@/api/lists';
import type { Span } from '@/api/queries/questions';
import { dayOf } from './span';

const DAY = 86_400_000;

/** Keys that the list has filters of its own for, with names on their chips. */
const FILTERS: Record<string, string> = {
  remoteci: 'lab',
  topic: 'topic',
  team: 'team',
  status: 'status',
  tag: 'tag',
};

/** Columns that a value is compared with as a whole. */
const COLUMNS: Record<string, string> = {
  name: 'name',
  configuration: 'configuration',
  product: 'product_id',
  pipeline: 'pipeline_id',
  set: 'set_key',
  remoteci: 'remoteci_id',
  topic: 'topic_id',
  team: 'team_id',
};

const between = (from: string, to: string): string => `created_at>=${from} created_at<${to}`;

/** The first day after a day, week or month that begins with this one. */
function dayAfter(key: string, first: string): string {
  const date = new Date(`${first}T00:00:00Z`);
  if (key === 'month') date.setUTCMonth(date.getUTCMonth() + 1);
  else date.setUTCDate(date.getUTCDate() + (key === 'week' ? 7 : 1));
  return date.toISOString().slice(0, 10);
}

/** One side of a count as a parameter of the list; null is "has none". */
function filterOf(key: string, value: string | null): [param: string, value: string] | null {
  if (value === null) {
    if (key === 'tag') return ['query', 'no:tags'];
    const [, type] = /^component_type:(.*)$/s.exec(key) ?? [];
    if (type !== undefined) return ['query', `-components.type:${literal(type)}`];
    const column = COLUMNS[key];
    return column ? ['query', `null(${column})`] : null;
  }
  const own = FILTERS[key];
  if (own) return [own, value];
  if (key === 'day' || key === 'week' || key === 'month') return ['query', between(value, dayAfter(key, value))];
  if (key.startsWith('component_type:')) return ['query', `components.id:${value}`];
  const column = COLUMNS[key];
  return column ? ['query', `eq(${column},${literal(value)})`] : null;
}

export interface Side {
  key: string;
  value: string | null;
}

/** Where the jobs are listed that were counted; null for a key that no list can be asked for. */
export function jobsOf(asked: string, span: Span, sides: readonly Side[]): string | null {
  const params = new URLSearchParams();
  if (asked.trim()) params.append('query', asked.trim());
  params.append('query', between(span.from, dayOf(Date.parse(span.to) + DAY)));
  if (span.lab) params.set('lab', span.lab);
  if (span.team) params.set('team', span.team);
  for (const { key, value } of sides) {
    const filter = filterOf(key, value);
    if (!filter) return null;
    const [param, text] = filter;
    if (param === 'query' || param === 'tag') {
      if (!params.getAll(param).includes(text)) params.append(param, text);
    } else params.set(param, text);
  }
  return `/jobs?${params.toString()}`;
}
