/** The list of a resource as its address asks for it. Pure. */
import type { ListParams } from '@/api/types';
import { readPlace } from '@/components/Pager';
import type { Resource } from './describe';

export const STATES = [
  ['active', 'Active'],
  ['inactive', 'Deactivated'],
] as const;

/** Columns of the API that the list may be sorted by. */
export const sortable = ({ columns }: Resource): string[] => [
  'name',
  'created_at',
  ...columns.flatMap(({ sort }) => (sort ? [sort] : [])),
];

export function sortOf(resource: Resource, params: URLSearchParams): string {
  const asked = params.get('sort') ?? '';
  return sortable(resource).includes(asked.replace(/^-/, '')) ? asked : 'name';
}

/** The order that a click on a column's head asks for. */
export const nextSort = (now: string, column: string): string => (now === column ? `-${column}` : column);

export function toStoredParams(resource: Resource, params: URLSearchParams): ListParams {
  const where: [string, string][] = [];
  const name = params.get('q')?.trim();
  if (name) where.push(['name', `${name}*`]);
  const state = params.get('state') ?? '';
  if (resource.rests && STATES.some(([one]) => one === state)) where.push(['state', state]);
  for (const { column } of resource.filters ?? []) {
    const value = params.get(column);
    if (value) where.push([column, value]);
  }
  return { ...readPlace(params), sort: sortOf(resource, params), where };
}

export const isFiltered = (resource: Resource, params: URLSearchParams): boolean =>
  toStoredParams(resource, params).where?.length !== 0;
